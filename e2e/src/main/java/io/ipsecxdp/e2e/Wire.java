package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * tcpdump, counting what nodes put on the wire: the packets that leave their eth0 and match a filter. What they receive is
 * not counted: a packet that came through a tunnel is seen once more on eth0 after it was decrypted.
 */
public final class Wire implements AutoCloseable {
    private static final Pattern COUNTED = Pattern.compile("(\\d+) packets? received by filter");
    private static final Duration START = Duration.ofSeconds(20);

    private final List<KernelProcess> tcpdumps;

    private Wire(List<KernelProcess> tcpdumps) {
        this.tcpdumps = tcpdumps;
    }

    /** Starts counting. */
    public static Wire count(Daemons daemons, List<Node> nodes, String name, String filter) {
        return new Wire(
                nodes.stream().map(node -> start(daemons, node, name, filter)).toList());
    }

    /** Stops, and says how many there were. */
    public long stop() {
        return tcpdumps.stream().mapToLong(Wire::stop).sum();
    }

    @Override
    public void close() {
        tcpdumps.forEach(KernelProcess::close);
    }

    private static KernelProcess start(Daemons daemons, Node node, String name, String filter) {
        var tcpdump = KernelProcess.start(
                daemons,
                "tcpdump-" + node.name() + "-" + name,
                node,
                // What matters is the kernel's count, which has also what tcpdump is too slow to read, but not -Q
                List.of("tcpdump", "-i", "eth0", "-n", "-s", "64", "--count", "outbound and (" + filter + ")"));
        tcpdump.daemon().awaitText("listening on", START);
        return tcpdump;
    }

    private static long stop(KernelProcess tcpdump) {
        tcpdump.terminate();
        var counted = COUNTED.matcher(tcpdump.text());
        if (!counted.find()) {
            throw new IllegalStateException(
                    "tcpdump said nothing; " + tcpdump.daemon().tail());
        }
        return Long.parseLong(counted.group(1));
    }
}
