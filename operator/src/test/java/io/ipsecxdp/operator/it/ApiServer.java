package io.ipsecxdp.operator.it;

import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real API server with our CRDs and with the rights that the chart gives to the operator. Its binaries are those in
 * {@code KUBEBUILDER_ASSETS}.
 */
final class ApiServer implements AutoCloseable {
    static final String RELEASE = "ipsec-xdp";

    private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();
    private static final Path OPERATORS_RIGHTS =
            PROJECT.resolve("charts/ipsec-xdp-operator/templates/operator-rbac.yaml");

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

    @Override
    public void close() {
        client.close();
        server.stop();
    }

    private void prepare() throws IOException {
        for (String name : List.of(RELEASE, "default")) {
            client.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(name)
                            .endMetadata()
                            .build())
                    .serverSideApply();
        }
        try (Stream<Path> files = Files.list(PROJECT.resolve("crds"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".yaml")).toList()) {
                var crd = Serialization.unmarshal(Files.readString(file), CustomResourceDefinition.class);
                client.resource(crd).serverSideApply();
                client.resource(crd).waitUntilCondition(ApiServer::established, 30, TimeUnit.SECONDS);
            }
        }
        operatorsRights().forEach(object -> client.resource(object).serverSideApply());
    }

    /** The chart's own, rendered as far as it takes: the operator under test has no right that a user's would lack. */
    private List<HasMetadata> operatorsRights() throws IOException {
        String rendered = Files.readString(OPERATORS_RIGHTS)
                .replaceAll("\\{\\{ \\.Release\\.Namespace }}", RELEASE)
                .replaceAll("(?m)^.*\\{\\{-.*$\\n", "");
        return client.load(new ByteArrayInputStream(rendered.getBytes(StandardCharsets.UTF_8)))
                .items();
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
