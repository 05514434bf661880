package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.ipsecxdp.charts.KubernetesEndpoints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A Kubernetes API server of this machine's loopback, with etcd behind it and RBAC in front. */
public final class ApiServer implements AutoCloseable {
    public static final String NAMESPACE = "ipsec-xdp";
    public static final String KEYS_NAMESPACE = "ipsec-xdp-keys";

    /** This machine's loopback as a guest of QEMU's user network sees it. */
    private static final String FROM_GUEST = "10.0.2.2";

    private static final String LOOPBACK = "127.0.0.1";
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration BINARIES = Duration.ofMinutes(40); // the first time, they may have to be built

    private final Path folder;
    private final Path binaries;
    private final int port;
    private final Certificates certificates;
    private final User admin = User.admin();
    private final User operator = User.serviceAccount(NAMESPACE, "ipsec-xdp-operator");
    private final User stranger = User.serviceAccount("default", "default");
    private final Cleanup running = new Cleanup();
    private final Daemons daemons;
    private final int etcdPort;
    private final int etcdPeerPort;
    private Daemon etcd;
    private Daemon server;

    private ApiServer(Path folder, Path binaries, List<Integer> ports) {
        this.folder = folder;
        this.binaries = binaries;
        this.port = ports.get(0);
        this.etcdPort = ports.get(1);
        this.certificates = Certificates.make(folder, List.of(LOOPBACK, FROM_GUEST, Host.API_ADDRESS));
        this.daemons = running.add(new Daemons(folder));
        write(
                "tokens",
                List.of(admin, operator, stranger).stream().map(User::line).collect(Collectors.joining()));
        this.etcdPeerPort = ports.get(2);
        startEtcd();
        startServer();
    }

    /**
     * Starts one and waits until it is ready.
     *
     * @param folder for its data, its certificates and its logs
     */
    public static ApiServer start(Project project, Path folder) {
        try {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Path binaries = Path.of(
                Command.of(project.lab("apiserver")).within(BINARIES).output().strip());
        return new ApiServer(folder, binaries, Ports.free(3));
    }

    public int port() {
        return port;
    }

    /** The folder of kube-apiserver, etcd and kubectl. */
    public Path binaries() {
        return binaries;
    }

    public Path adminKubeconfig() {
        return write("admin.kubeconfig", kubeconfig(admin, LOOPBACK));
    }

    public Path operatorKubeconfig() {
        return write("operator.kubeconfig", kubeconfig(operator, LOOPBACK));
    }

    /** Of somebody whom no role is bound to. */
    public Path strangerKubeconfig() {
        return write("stranger.kubeconfig", kubeconfig(stranger, LOOPBACK));
    }

    /**
     * The text of a kubeconfig for the agent of a node, which reaches the API server at {@code address}. The chart's rights
     * must be there already.
     */
    public String agentKubeconfig(String node, String address) {
        try (var client = adminClient()) {
            if (!address.equals(LOOPBACK)) {
                KubernetesEndpoints.announce(client, address, port);
            }
            return kubeconfig("agent", AgentPod.token(client, node), address);
        }
    }

    /** A client with all rights. */
    public KubernetesClient adminClient() {
        return client(kubeconfig(admin, LOOPBACK));
    }

    /** A client with the rights of the agent of a node. */
    public KubernetesClient agentClient(String node) {
        return client(agentKubeconfig(node, LOOPBACK));
    }

    /** A client of somebody whom no role is bound to. */
    public KubernetesClient strangerClient() {
        return client(kubeconfig(stranger, LOOPBACK));
    }

    public KubernetesClient operatorClient() {
        return client(kubeconfig(operator, LOOPBACK));
    }

    /** Stops the API server; what it knows stays in etcd. */
    public void stopServer() {
        server.close();
    }

    /** Lets the API server answer nothing for {@code time}, with all connections open. */
    public void hang(Duration time) {
        server.hang(time);
    }

    /** Lets the API server refuse each request for {@code time} as one too many; its watches end. Returns how many it refused. */
    public long refuseAll(Duration time) {
        long refused;
        stopServer();
        try (var overloaded = TooManyRequests.listen(InetAddress.getLoopbackAddress(), port, certificates)) {
            Await.pause(time);
            refused = overloaded.count();
        }
        startServer();
        return refused;
    }

    /** Stops the API server and etcd, copies what they know, and starts both again. */
    public void backUp() {
        whileDown(() -> copyTree(data(), backup()));
    }

    /** The same with the copy of {@link #backUp} in the place of what they know: all that was said since is forgotten. */
    public void restore() {
        whileDown(() -> copyTree(backup(), data()));
    }

    /** Starts the API server, at the same port, and waits until it is ready. */
    public void startServer() {
        server = running.add(daemons.start(
                "kube-apiserver",
                List.of(
                        binaries.resolve("kube-apiserver").toString(),
                        "--etcd-servers=http://" + LOOPBACK + ":" + etcdPort,
                        "--bind-address=" + LOOPBACK,
                        "--secure-port=" + port,
                        "--tls-cert-file=" + certificates.server(),
                        "--tls-private-key-file=" + certificates.serverKey(),
                        "--token-auth-file=" + folder.resolve("tokens"),
                        "--authorization-mode=RBAC",
                        "--disable-admission-plugins=ServiceAccount",
                        "--service-cluster-ip-range=10.96.0.0/16",
                        "--service-account-issuer=https://kubernetes.default.svc",
                        "--service-account-key-file=" + certificates.signingKey(),
                        "--service-account-signing-key-file=" + certificates.signingKey()),
                Map.of()));
        try (var client = adminClient()) {
            Await.until("the API server is ready", START, server::tail, () -> isReady(client));
        }
    }

    @Override
    public void close() {
        running.close();
    }

    @Override
    public String toString() {
        return "API server";
    }

    private void whileDown(Runnable body) {
        stopServer();
        etcd.close();
        body.run();
        startEtcd();
        startServer();
    }

    private Path data() {
        return folder.resolve("etcd");
    }

    private Path backup() {
        return folder.resolve("etcd-backup");
    }

    private static void copyTree(Path from, Path to) {
        Command.of("rm", "-rf", to.toString()).output();
        Command.of("cp", "-a", from.toString(), to.toString()).output();
    }

    private void startEtcd() {
        String client = "http://" + LOOPBACK + ":" + etcdPort;
        etcd = running.add(daemons.start(
                "etcd",
                List.of(
                        binaries.resolve("etcd").toString(),
                        "--data-dir=" + data(),
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=http://" + LOOPBACK + ":" + etcdPeerPort,
                        "--unsafe-no-fsync=true",
                        "--log-level=warn"),
                Map.of()));
    }

    private boolean isReady(KubernetesClient client) {
        if (!server.isRunning()) {
            throw new IllegalStateException("the API server ended; " + server.tail());
        }
        try {
            return "ok".equals(client.raw("/readyz"))
                    && client.namespaces().withName("default").get() != null;
        } catch (KubernetesClientException e) {
            return false;
        }
    }

    private static KubernetesClient client(String kubeconfig) {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig))
                .build();
    }

    private String kubeconfig(User user, String address) {
        return kubeconfig(user.name(), user.token(), address);
    }

    private String kubeconfig(String user, String token, String address) {
        return """
                apiVersion: v1
                kind: Config
                clusters:
                - name: lab
                  cluster:
                    server: https://%s:%d
                    certificate-authority-data: %s
                users:
                - name: %s
                  user:
                    token: %s
                contexts:
                - name: lab
                  context: {cluster: lab, user: "%s"}
                current-context: lab
                """.formatted(
                        address, port, Base64.getEncoder().encodeToString(certificates.caBytes()), user, token, user);
    }

    private Path write(String name, String text) {
        try {
            return Files.writeString(folder.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
