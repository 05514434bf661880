package io.ipsecxdp.charts;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A real API server for tests, the one that {@code lab/apiserver} finds, with RBAC on. */
public final class TestingApiServer implements AutoCloseable {
    /** Namespace of the keys, as values.yaml has it. */
    public static final String KEYS = "ipsec-xdp-keys";

    private static final int ESTABLISHED_SECONDS = 30;
    private static final Duration START = Duration.ofSeconds(60);

    private final Path project;
    private final Path folder;
    private final Path binaries;
    private final KubeAPIServer server;
    private final Path kubeconfig;
    private final KubernetesClient client;
    private Optional<ServerProcesses> backedUp = Optional.empty();

    private TestingApiServer(Path project, Path folder, Path binaries, KubeAPIServer server, Path kubeconfig) {
        this.project = project;
        this.folder = folder;
        this.binaries = binaries;
        this.server = server;
        this.kubeconfig = kubeconfig;
        this.client = new KubernetesClientBuilder().withConfig(config()).build();
    }

    /**
     * Starts one that has the namespaces of the release and of the keys.
     *
     * @param project root folder of the project
     * @param folder an empty one, for what it needs on disk
     * @throws IllegalStateException if {@code lab/apiserver}, whose words are on stderr, found none
     */
    public static TestingApiServer start(Path project, Path folder) throws IOException {
        // The layout that kube-api-test looks for. The version is the folder's name, and has no meaning here.
        Path versions = Files.createDirectories(folder.resolve("k8s"));
        Path binaries = binaries(project);
        Files.createSymbolicLink(versions.resolve("1.0.0-linux-amd64"), binaries);
        var server = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
                .withTestDir(folder.toString())
                .withOfflineMode(true)
                .withUpdateKubeConfig(false)
                .build());
        server.start();
        Path kubeconfig = Files.writeString(folder.resolve("kubeconfig"), server.getKubeConfigYaml());
        var started = new TestingApiServer(project, folder, binaries, server, kubeconfig);
        List.of(Chart.RELEASE, KEYS, "default").forEach(started::makeNamespace);
        return started;
    }

    /** Installs the chart's CRDs, and the rights that it gives to {@code account}. */
    public void install(String account) {
        install(account, Map.of());
    }

    /** @param values what to change of the chart's values.yaml */
    public void install(String account, Map<String, ?> values) {
        for (HasMetadata object : Chart.ofProject(project).render(values)) {
            if (object instanceof CustomResourceDefinition crd) {
                client.resource(crd).create();
                client.resource(crd)
                        .waitUntilCondition(TestingApiServer::established, ESTABLISHED_SECONDS, TimeUnit.SECONDS);
            } else if (object.getApiVersion().startsWith("rbac.authorization.k8s.io/")
                    && object.getMetadata().getName().equals(account)) {
                client.resource(object).serverSideApply();
            }
        }
    }

    /** Makes what the chart makes for a Prometheus: a service account that may read metrics. Returns its name. */
    public String installMetricsReader() {
        return installReader("ipsec-xdp-metrics-reader", Map.of("podMonitor", Map.of("enabled", true)));
    }

    /** Makes what the chart makes for who looks at the page: a service account. Returns its name. */
    public String installPageReader() {
        return installReader("ipsec-xdp-page", Map.of());
    }

    private String installReader(String reader, Map<String, ?> values) {
        Chart.ofProject(project).render(values).stream()
                .filter(object -> object.getMetadata().getName().equals(reader))
                // Which nobody fills here, as that is done by kube-controller-manager
                .filter(object -> !object.getKind().equals("Secret"))
                .forEach(object -> client.resource(object).serverSideApply());
        return reader;
    }

    /**
     * A token of a service account of the release, which is made if it is not there.
     *
     * @param audiences for whom it is good; if none are named, for the API server
     */
    public String token(String account, String... audiences) {
        client.resource(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withName(account)
                        .withNamespace(Chart.RELEASE)
                        .endMetadata()
                        .build())
                .serverSideApply();
        return client.serviceAccounts()
                .inNamespace(Chart.RELEASE)
                .withName(account)
                .tokenRequest(new TokenRequestBuilder()
                        .withNewSpec()
                        .withAudiences(audiences)
                        .endSpec()
                        .build())
                .getStatus()
                .getToken();
    }

    /** A client with all rights. */
    public KubernetesClient client() {
        return client;
    }

    /** A client with the rights of a service account of the release. */
    public KubernetesClient clientOf(String account) {
        return as(user(account));
    }

    /** A client of somebody else, as the API server's own administrator can be anybody. */
    public KubernetesClient as(String user) {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(config())
                        .withImpersonateUsername(user)
                        .build())
                .build();
    }

    /** A client of whom a token stands for. */
    public KubernetesClient withToken(String token) {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(config())
                        .withClientCertData(null)
                        .withClientCertFile(null)
                        .withClientKeyData(null)
                        .withClientKeyFile(null)
                        .withOauthToken(token)
                        .build())
                .build();
    }

    /** The name of the user that a service account of the release is. */
    public static String user(String account) {
        return "system:serviceaccount:%s:%s".formatted(Chart.RELEASE, account);
    }

    /** A kubeconfig with all rights. */
    public Path kubeconfig() {
        return kubeconfig;
    }

    /** The kubectl that belongs to it. */
    public Path kubectl() {
        return binaries.resolve("kubectl");
    }

    public int port() {
        return client.getMasterUrl().getPort();
    }

    /** Copies what etcd knows at this moment. */
    public void backUp() {
        if (backedUp.isEmpty()) {
            backedUp = Optional.of(ServerProcesses.find(port(), folder));
        }
        backedUp.get().backUp();
    }

    /** Puts the copy of {@link #backUp} in the place of what etcd knows, and waits until the API server is ready again. */
    public void restore() throws InterruptedException {
        backedUp.orElseThrow().restore();
        var impatient =
                new ConfigBuilder(config()).withRequestRetryBackoffLimit(0).build();
        try (var asking = new KubernetesClientBuilder().withConfig(impatient).build()) {
            var deadline = Instant.now().plus(START);
            while (!isReady(asking)) {
                if (Instant.now().isAfter(deadline)) {
                    throw new IllegalStateException("no API server after etcd was restored, see the logs in " + folder);
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
    }

    @Override
    public void close() {
        client.close();
        // kube-api-test has given them up when they ended
        backedUp.ifPresentOrElse(ServerProcesses::close, server::stop);
    }

    private static boolean isReady(KubernetesClient client) {
        try {
            return "ok".equals(client.raw("/readyz"))
                    && client.namespaces().withName("default").get() != null;
        } catch (KubernetesClientException e) {
            return false;
        }
    }

    private Config config() {
        return Config.fromKubeconfig(server.getKubeConfigYaml());
    }

    private void makeNamespace(String name) {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .build())
                .serverSideApply();
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

    private static Path binaries(Path project) throws IOException {
        var search = new ProcessBuilder(project.resolve("lab/apiserver").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String found = new String(search.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (search.onExit().join().exitValue() != 0) {
            throw new IllegalStateException("lab/apiserver, whose words stand above, found no API server");
        }
        return Path.of(found);
    }
}
