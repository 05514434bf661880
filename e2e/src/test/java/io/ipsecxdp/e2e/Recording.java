package io.ipsecxdp.e2e;

import java.util.ArrayList;
import java.util.List;

/** What is on a node's wire, as tcpdump writes it into a file of the node. */
final class Recording {
    private Recording() {}

    /**
     * Returns when it has begun.
     *
     * @param options of tcpdump, beside where to listen and to write each packet at once
     */
    static KernelProcess start(Cluster cluster, Node node, String name, String file, String filter, String... options) {
        List<String> words = new ArrayList<>(List.of("tcpdump", "-i", "eth0", "-n", "-U"));
        words.addAll(List.of(options));
        words.addAll(List.of("-w", file, filter));
        KernelProcess tcpdump = KernelProcess.start(cluster.lab().daemons(), "tcpdump-" + name, node, words);
        tcpdump.daemon().awaitText("listening on", Cluster.PATIENCE);
        return tcpdump;
    }
}
