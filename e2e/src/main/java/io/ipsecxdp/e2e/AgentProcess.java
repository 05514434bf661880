package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The agent of a node. */
public final class AgentProcess implements AutoCloseable {
    /** On the node's own loopback. */
    private static final int HEALTH_PORT = 9464;

    private static final Duration START = Duration.ofMinutes(6); // in an emulated guest on a busy machine

    private static final int PROBES = 4;

    private final Daemons daemons;
    private final Node node;
    private final String kubeconfig;
    private KernelProcess process;
    private Optional<String> bootId = Optional.empty();

    private AgentProcess(Daemons daemons, Node node, String kubeconfig) {
        this.daemons = daemons;
        this.node = node;
        this.kubeconfig = kubeconfig;
        this.process = launch(List.of());
    }

    /** Starts it; returns before it is ready. */
    public static AgentProcess start(Daemons daemons, Node node, ApiServer api) {
        String path = node.facts().state() + ".kubeconfig";
        node.kernel().write(path, api.agentKubeconfig(node.name(), node.facts().api()));
        return new AgentProcess(daemons, node, path);
    }

    public Node node() {
        return node;
    }

    public Daemon daemon() {
        return process.daemon();
    }

    /** Waits until its readiness probe succeeds, as the chart's DaemonSet asks it; returns how long that took. */
    public Duration awaitReady() {
        return Await.until(this + " is ready", START, () -> daemon().tail(), () -> {
            if (!process.isRunning()) {
                throw new IllegalStateException(this + " ended; " + daemon().tail());
            }
            return answersReady(PROBES);
        });
    }

    /** Whether an agent of this node, this process or another, says at its readiness probe that it is ready. */
    public boolean answersReady() {
        return answersReady(1);
    }

    /** The same, asked again each half second; in an emulated guest a command costs much of what a starting agent needs. */
    private boolean answersReady(int times) {
        return node.tryRun("bash", "-c", """
                        for ((asked = 1; ; asked++)); do
                          exec 3<>/dev/tcp/127.0.0.1/%d && printf 'GET /q/health/ready HTTP/1.0\\r\\n\\r\\n' >&3 &&
                            read -r line <&3 && [[ $line == *' 200 '* ]] && exit 0
                          ((asked < %d)) || exit 1
                          sleep 0.5
                        done
                        """.formatted(HEALTH_PORT, times)).ok();
    }

    /** What its kernel says of its process: /proc/PID/status. */
    public String status() {
        return node.kernel().run("cat", "/proc/" + process.pid() + "/status");
    }

    /** SIGTERM, and waits for the end. */
    public void terminate() {
        process.terminate();
    }

    void terminate(Duration patience) {
        process.terminate(patience);
    }

    /** SIGKILL. */
    public void kill() {
        process.kill();
    }

    /** Starts it again after {@link #terminate} or {@link #kill}. */
    public void startAgain() {
        startAgain(List.of());
    }

    /** The same, with more in its environment: what values of the chart put there. */
    public void startAgain(List<String> environment) {
        process = launch(environment);
    }

    /**
     * Its node is booted: it has another boot id, and what was in its kernel and its memory is gone; its disk stays. The agent
     * does not run until it is started again.
     */
    public void bootNode() {
        if (process.isRunning()) {
            kill();
        }
        node.script("""
                ip xfrm policy flush
                ip xfrm state flush
                find %1$s -mindepth 1 -delete
                for device in $(ip -o link show | sed -nE 's/^[0-9]+: ([^:@]+).* xdp[a-z]*[ /].*/\\1/p'); do ip link set "$device" xdp off; done
                rm -rf %2$s
                """.formatted(node.facts().bpffs(), node.facts().runtime()));
        String file = node.facts().state() + ".boot";
        node.kernel().write(file, UUID.randomUUID() + "\n");
        bootId = Optional.of(file);
    }

    /** Its node has the kernel's own boot id again, as containers see it; with nothing declared that is a boot like any other. */
    void bootWithKernelsId() {
        if (bootId.isPresent()) {
            terminate();
            bootId = Optional.empty();
            startAgain();
            awaitReady();
        }
    }

    /** Runs it with --cleanup to its end and returns what it printed. */
    public String cleanup() {
        return Command.of(node.command(words(List.of(), List.of("--cleanup")).toArray(String[]::new)))
                .within(Duration.ofMinutes(2))
                .output();
    }

    /** Starts it again if it does not run. */
    public void startIfDown() {
        if (!process.isRunning()) {
            startAgain();
        }
    }

    @Override
    public void close() {
        process.close();
    }

    @Override
    public String toString() {
        return "agent of " + node.name();
    }

    private KernelProcess launch(List<String> environment) {
        return KernelProcess.start(daemons, "agent-" + node.name(), node, words(environment, List.of()));
    }

    private List<String> words(List<String> environment, List<String> arguments) {
        var words = new ArrayList<String>();
        // Nodes share a kernel, and so its boot id: one of its own needs a mount namespace
        bootId.ifPresent(file -> words.addAll(List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\"",
                file)));
        words.addAll(List.of(
                "env",
                // As lab/images has it
                "MALLOC_ARENA_MAX=1",
                "KUBECONFIG=" + kubeconfig,
                "NODE_NAME=" + node.name(),
                "POD_NAMESPACE=" + ApiServer.NAMESPACE,
                "IPSEC_XDP_AGENT_KEYS_NAMESPACE=" + ApiServer.KEYS_NAMESPACE,
                "IPSEC_XDP_AGENT_STATE_DIR=" + node.facts().state(),
                "IPSEC_XDP_AGENT_RUNTIME_DIR=" + node.facts().runtime(),
                "IPSEC_XDP_AGENT_BPFFS=" + node.facts().bpffs(),
                "QUARKUS_HTTP_PORT=" + HEALTH_PORT));
        words.addAll(environment);
        words.addAll(node.kernel().payload().agent());
        words.addAll(arguments);
        return words;
    }
}
