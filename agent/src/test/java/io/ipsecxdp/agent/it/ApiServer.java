package io.ipsecxdp.agent.it;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.ipsecxdp.charts.Chart;
import io.ipsecxdp.linux.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A real API server with our CRDs and with the rights that the chart gives to agents. Its binaries are those in {@code
 * KUBEBUILDER_ASSETS}.
 */
final class ApiServer implements AutoCloseable {

    static final String RELEASE = Chart.RELEASE;
    static final String KEYS = "ipsec-xdp-keys";
    static final String AGENT = "ipsec-xdp-agent";
    static final String AGENTS_USER = "system:serviceaccount:%s:%s".formatted(RELEASE, AGENT);

    private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

    private final KubeAPIServer server;
    private final KubernetesClient client;

    private ApiServer(KubeAPIServer server, KubernetesClient client) {
        this.server = server;
        this.client = client;
    }

    /** @param folder an empty one, for what it needs on disk */
    static ApiServer start(Path folder) throws IOException {
        Path versions = Files.createDirectories(folder.resolve("k8s"));
        // The layout that kube-api-test looks for. The version is the folder's name, and has no meaning here.
        Files.createSymbolicLink(versions.resolve("1.0.0-linux-amd64"), assets());
        KubeAPIServer server = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
                .withTestDir(folder.toString())
                .withOfflineMode(true)
                .withUpdateKubeConfig(false)
                .build());
        server.start();
        ApiServer apiServer = new ApiServer(
                server,
                new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                        .build());
        apiServer.prepare();
        return apiServer;
    }

    KubernetesClient client() {
        return client;
    }

    /** With the rights of an agent. */
    KubernetesClient agentsClient() {
        Config config = Config.fromKubeconfig(server.getKubeConfigYaml());
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(config)
                        .withImpersonateUsername(AGENTS_USER)
                        .build())
                .build();
    }

    String kubeconfig() {
        return server.getKubeConfigYaml();
    }

    int port() {
        return client.getMasterUrl().getPort();
    }

    @Override
    public void close() {
        client.close();
        server.stop();
    }

    private void prepare() {
        for (String name : List.of(RELEASE, KEYS, "default")) {
            client.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(name)
                            .endMetadata()
                            .build())
                    .serverSideApply();
        }
        for (HasMetadata object : Chart.ofProject(PROJECT).render(Map.of())) {
            if (object instanceof CustomResourceDefinition crd) {
                // Not by server-side apply: API servers before 1.25 know no CEL and would refuse it, and not drop it
                client.resource(crd).create();
                client.resource(crd).waitUntilCondition(ApiServer::established, 30, TimeUnit.SECONDS);
            } else if (object.getApiVersion().startsWith("rbac.authorization.k8s.io/")
                    && object.getMetadata().getName().equals(AGENT)) {
                client.resource(object).serverSideApply();
            }
        }
    }

    private static boolean established(CustomResourceDefinition crd) {
        return crd != null
                && crd.getStatus() != null
                && crd.getStatus().getConditions() != null
                && crd.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Established")
                                && condition.getStatus().equals("True"));
    }

    private static Path assets() {
        Path folder = Path.of(System.getenv().getOrDefault("KUBEBUILDER_ASSETS", ""));
        if (!Files.isExecutable(folder.resolve("kube-apiserver")) || !Files.isExecutable(folder.resolve("etcd"))) {
            Needs.missing("an API server: KUBEBUILDER_ASSETS must name a folder with kube-apiserver and etcd");
        }
        return folder;
    }
}
