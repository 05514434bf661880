package io.ipsecxdp.operator.it;

import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.ipsecxdp.charts.Chart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A real API server with our CRDs and with the rights that the chart gives to the operator. Its binaries are those in
 * {@code KUBEBUILDER_ASSETS}.
 */
final class ApiServer implements AutoCloseable {
    static final String RELEASE = Chart.RELEASE;
    static final String OPERATOR = "ipsec-xdp-operator";

    private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

    private final KubeAPIServer server;
    private final KubernetesClient client;
    private final Path kubeconfig;

    private ApiServer(KubeAPIServer server, KubernetesClient client, Path kubeconfig) {
        this.server = server;
        this.client = client;
        this.kubeconfig = kubeconfig;
    }

    static ApiServer start(Path folder) throws IOException {
        var server = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
                .withTestDir(laidOut(assets(), folder).toString())
                .withOfflineMode(true)
                .withUpdateKubeConfig(false)
                .build());
        server.start();
        var kubeconfig = Files.writeString(folder.resolve("kubeconfig"), server.getKubeConfigYaml());
        var client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                .build();
        var apiServer = new ApiServer(server, client, kubeconfig);
        apiServer.prepare();
        return apiServer;
    }

    KubernetesClient client() {
        return client;
    }

    Path kubeconfig() {
        return kubeconfig;
    }

    /** Aborts the test if the API server is too old for CEL: then what a rule would refuse is left to compile. */
    void needCel() {
        boolean hasCel = client.apiextensions().v1().customResourceDefinitions().list().getItems().stream()
                .flatMap(crd -> crd.getSpec().getVersions().stream())
                .map(version ->
                        version.getSchema().getOpenAPIV3Schema().getProperties().get("spec"))
                .anyMatch(spec ->
                        spec != null && !spec.getXKubernetesValidations().isEmpty());
        if (!hasCel) {
            skip("no CEL: the API server is older than 1.25");
        }
    }

    @Override
    public void close() {
        client.close();
        server.stop();
    }

    private void prepare() {
        for (String name : List.of(RELEASE, "default")) {
            client.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(name)
                            .endMetadata()
                            .build())
                    .serverSideApply();
        }
        for (var object : Chart.ofProject(PROJECT).render(Map.of())) {
            if (object instanceof CustomResourceDefinition crd) {
                // Not by server-side apply: API servers before 1.25 know no CEL and would refuse it, and not drop it
                client.resource(crd).create();
                client.resource(crd).waitUntilCondition(ApiServer::established, 30, TimeUnit.SECONDS);
            } else if (object.getApiVersion().startsWith("rbac.authorization.k8s.io/")
                    && object.getMetadata().getName().equals(OPERATOR)) {
                client.resource(object).serverSideApply();
            }
        }
    }

    private static boolean established(CustomResourceDefinition crd) {
        return Optional.ofNullable(crd)
                .map(CustomResourceDefinition::getStatus)
                .map(status -> status.getConditions())
                .stream()
                .flatMap(List::stream)
                .anyMatch(condition -> condition.getType().equals("Established")
                        && condition.getStatus().equals("True"));
    }

    private static Path assets() {
        String folder = System.getenv().getOrDefault("KUBEBUILDER_ASSETS", "");
        if (Files.isExecutable(Path.of(folder, "kube-apiserver")) && Files.isExecutable(Path.of(folder, "etcd"))) {
            return Path.of(folder);
        }
        String missing =
                "no API server to ask: KUBEBUILDER_ASSETS (\"%s\") must name a folder with kube-apiserver, etcd and kubectl"
                        .formatted(folder);
        return skip(missing);
    }

    private static <T> T skip(String missing) {
        if ("true".equals(System.getenv("CI"))) {
            throw new AssertionError(missing);
        }
        System.err.println("skipped: " + missing);
        return abort(missing);
    }

    /** The layout that kube-api-test looks for. Its version is that of the folder's name, and has no meaning here. */
    private static Path laidOut(Path assets, Path folder) throws IOException {
        Path versions = Files.createDirectories(folder.resolve("k8s"));
        Files.createSymbolicLink(versions.resolve("1.0.0-linux-amd64"), assets);
        return folder;
    }
}
