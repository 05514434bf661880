package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/** tcpdump, counting the packets of a node's eth0 that match a filter. */
public final class Wire implements AutoCloseable {
    private static final Pattern COUNTED = Pattern.compile("(\\d+) packets? received by filter");
    private static final Duration START = Duration.ofSeconds(20);

    private final KernelProcess tcpdump;

    private Wire(KernelProcess tcpdump) {
        this.tcpdump = tcpdump;
    }

    /** Starts counting. */
    public static Wire count(Daemons daemons, Node node, String name, String filter) {
        var tcpdump = KernelProcess.start(
                daemons,
                "tcpdump-" + node.name() + "-" + name,
                node,
                // What matters is libpcap's own count, which has also what tcpdump is too slow to read
                List.of("tcpdump", "-i", "eth0", "-n", "-s", "64", "--count", filter));
        tcpdump.daemon().awaitText("listening on", START);
        return new Wire(tcpdump);
    }

    /** Stops, and says how many there were. */
    public long stop() {
        tcpdump.terminate();
        var counted = COUNTED.matcher(tcpdump.text());
        if (!counted.find()) {
            throw new IllegalStateException(
                    "tcpdump said nothing; " + tcpdump.daemon().tail());
        }
        return Long.parseLong(counted.group(1));
    }

    @Override
    public void close() {
        tcpdump.close();
    }
}
