package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program that runs in the background in a kernel, perhaps a guest's; its log is on this machine. */
public final class KernelProcess implements AutoCloseable {
    private static final String PID = "pid ";
    private static final Duration START = Duration.ofSeconds(20);
    private static final Duration GRACE = Duration.ofSeconds(20);

    private final Kernel kernel;
    private final Daemon daemon;
    private final String pid;

    private KernelProcess(Kernel kernel, Daemon daemon) {
        this.kernel = kernel;
        this.daemon = daemon;
        daemon.awaitText("\n", START);
        this.pid = daemon.text().lines().findFirst().orElseThrow().substring(PID.length());
    }

    /** Starts {@code words} on a node. */
    static KernelProcess start(Daemons daemons, String name, Node node, List<String> words) {
        var shell = new ArrayList<>(List.of("sh", "-c", "echo \"" + PID + "$$\"; exec \"$@\"", "sh"));
        shell.addAll(words);
        return new KernelProcess(
                node.kernel(), daemons.start(name, node.command(shell.toArray(String[]::new)), Map.of()));
    }

    public Daemon daemon() {
        return daemon;
    }

    public boolean isRunning() {
        return daemon.isRunning();
    }

    /** Process id in the kernel. */
    public String pid() {
        return pid;
    }

    /** Everything that it printed so far. */
    public String text() {
        return daemon.text().lines().skip(1).collect(java.util.stream.Collectors.joining("\n"));
    }

    /** SIGTERM; waits until it has ended. */
    public void terminate() {
        terminate(GRACE);
    }

    void terminate(Duration patience) {
        signal("TERM");
        daemon.awaitEnd(patience);
    }

    /** SIGKILL; waits until it has ended. */
    public void kill() {
        signal("KILL");
        daemon.awaitEnd(GRACE);
    }

    @Override
    public void close() {
        if (isRunning()) {
            terminate();
        }
    }

    @Override
    public String toString() {
        return daemon.toString();
    }

    private void signal(String name) {
        kernel.run("kill", "-" + name, pid);
    }
}
