package io.ipsecxdp.agent.it;

import static org.awaitility.Awaitility.await;

import io.ipsecxdp.charts.Chart;
import io.ipsecxdp.charts.KubernetesEndpoints;
import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.linux.NetworkNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A node: a network namespace with eth0 and a way to the API server, a BPF file system, and a state folder. */
final class TestNode implements AutoCloseable {

    static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

    /** The agents' service account. */
    static final String AGENT = "ipsec-xdp-agent";

    private static final Path APP =
            Path.of("target/quarkus-app/quarkus-run.jar").toAbsolutePath();

    private static final Path OPTIONS = Path.of("jvm.options").toAbsolutePath();

    /** Of a range for tests between networks (RFC 2544), which nothing else uses. */
    private static final String OUTSIDE = "198.18.77.1";

    private static final String INSIDE = "198.18.77.2";

    /** Root with three capabilities, as the chart has it. */
    private static final List<String> AS_IN_ITS_POD =
            List.of("setpriv", "--bounding-set", "-all,+net_admin,+bpf,+perfmon", "--inh-caps", "-all");

    private final String name;
    private final Path folder;
    private final Path bpffs;
    private final String outside;
    private NetworkNamespace namespace = NetworkNamespace.create();
    private final Gate gate;
    private final Path kubeconfig;
    private int starts;

    TestNode(String name, Path folder, TestingApiServer server) throws IOException {
        this.name = name;
        this.folder = folder;
        this.bpffs = Files.createDirectories(folder.resolve("bpf"));
        run(List.of("mount", "-t", "bpf", "agent-it", bpffs.toString()));
        outside = "agent-it-" + ProcessHandle.current().pid() % 10_000;
        connect();
        gate = new Gate(OUTSIDE, server.port());
        KubernetesEndpoints.announce(server.client(), OUTSIDE, server.port());
        kubeconfig = Files.writeString(
                folder.resolve("kubeconfig"),
                Files.readString(server.kubeconfig()).replaceAll("https://[^:]+:", "https://" + OUTSIDE + ":"));
    }

    private void connect() {
        namespace.run("ip link add mgmt0 type veth peer name %s netns %d"
                .formatted(outside, ProcessHandle.current().pid()));
        namespace.run("ip address add %s/30 dev mgmt0".formatted(INSIDE));
        namespace.run("ip link set mgmt0 up");
        run(List.of("ip", "address", "add", OUTSIDE + "/30", "dev", outside));
        run(List.of("ip", "link", "set", outside, "up"));
        addInterface("eth0");
        namespace.run("ip address add 10.10.0.1/24 dev eth0");
    }

    /** SAD, SPD and interfaces are those of a kernel that has just started; what is on disk stays. */
    void boot() {
        run(List.of("ip", "link", "delete", outside));
        namespace.close();
        namespace = NetworkNamespace.create();
        connect();
    }

    /** The API server as the node sees it. */
    Gate gate() {
        return gate;
    }

    void addInterface(String name) {
        namespace.run("ip link add %s type veth peer name %s-peer".formatted(name, name));
        namespace.run("ip link set %s up".formatted(name));
        namespace.run("ip link set %s-peer up".formatted(name));
    }

    /** Runs {@code ip} in the node. */
    String ip(String arguments) {
        return namespace.run("ip " + arguments);
    }

    /** Where others reach it. */
    String address() {
        return INSIDE;
    }

    /** The status of an answer at the agent's port on the node's loopback. */
    int probe(String path) {
        return namespace.call(() -> {
            var connection = (HttpURLConnection)
                    URI.create("http://127.0.0.1:9464" + path).toURL().openConnection();
            connection.setReadTimeout(20_000);
            try {
                return connection.getResponseCode();
            } finally {
                connection.disconnect();
            }
        });
    }

    /** Sends a packet that nobody answers, if the node lets it out. */
    void send(String destination) {
        namespace.call(() -> {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.send(new DatagramPacket(new byte[1], 1, InetAddress.getByName(destination), 4711));
            } catch (IOException e) {
                // It waits for an SA that nobody makes; some kernels say so at once
                return e.getMessage();
            }
            return "sent";
        });
    }

    /** The agent as it is shipped, with the rights that the chart gives it. */
    RunningAgent start() throws IOException {
        return new RunningAgent(launch(List.of()), log());
    }

    /** What {@code --cleanup} says, and its exit code. */
    NetworkNamespace.Output cleanup() throws IOException {
        Process process = launch(List.of("--cleanup"));
        try {
            int exitCode = process.waitFor();
            return new NetworkNamespace.Output(exitCode, Files.readString(log()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    List<String> pins() throws IOException {
        Path pins = bpffs.resolve("ipsec-xdp");
        if (!Files.exists(pins)) {
            return List.of();
        }
        try (var files = Files.list(pins)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Override
    public void close() {
        gate.close();
        // The kernel removes a namespace's interfaces some time after its last process has ended
        run(List.of("ip", "link", "delete", outside));
        namespace.close();
        run(List.of("umount", bpffs.toString()));
    }

    private Path log() {
        return folder.resolve("agent-%d.log".formatted(starts));
    }

    private Process launch(List<String> arguments) throws IOException {
        starts++;
        List<String> command = new ArrayList<>(AS_IN_ITS_POD);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + OPTIONS,
                "-jar",
                APP.toString()));
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log().toFile());
        var environment = builder.environment();
        environment.put("NODE_NAME", name);
        environment.put("KUBECONFIG", kubeconfig.toString());
        environment.put("KUBERNETES_TRUST_CERTIFICATES", "true");
        environment.put("KUBERNETES_DISABLE_HOSTNAME_VERIFICATION", "true");
        environment.put("KUBERNETES_IMPERSONATE_USERNAME", TestingApiServer.user(AGENT));
        environment.put("POD_NAMESPACE", Chart.RELEASE);
        environment.put("IPSEC_XDP_AGENT_METRICS_ADDRESS", INSIDE);
        environment.put("IPSEC_XDP_AGENT_STATE_DIR", folder.resolve("state").toString());
        environment.put("IPSEC_XDP_AGENT_BPFFS", bpffs.toString());
        return namespace.call(builder::start);
    }

    /** An agent's process. */
    static final class RunningAgent implements AutoCloseable {
        private final Process process;
        private final Path log;

        private RunningAgent(Process process, Path log) {
            this.process = process;
            this.log = log;
        }

        String log() throws IOException {
            return Files.readString(log);
        }

        /** As a kubelet does it. */
        int terminate() {
            process.destroy();
            await().atMost(Duration.ofSeconds(20)).until(() -> !process.isAlive());
            return process.exitValue();
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }

    private static void run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new IllegalStateException("%s: %s".formatted(command, output));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
