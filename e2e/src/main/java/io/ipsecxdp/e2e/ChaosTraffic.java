package io.ipsecxdp.e2e;

import java.util.ArrayList;
import java.util.List;

/** Numbered packets between the pods of two nodes, there and back and without end, and all that leaves the nodes watched. */
final class ChaosTraffic implements AutoCloseable {
    private static final int PER_SECOND = 500; // from each node, and as many echoes: 2,000 packets/s in all
    private static final int PORT = 9_100;

    private final Cluster cluster;
    private final List<WatchedWire> wires = new ArrayList<>();
    private final List<Flow.Report> done = new ArrayList<>();
    private List<Flow.Running> running = List.of();

    private ChaosTraffic(Cluster cluster) {
        this.cluster = cluster;
    }

    static ChaosTraffic start(Cluster cluster) {
        var traffic = new ChaosTraffic(cluster);
        try {
            cluster.lab()
                    .nodes()
                    .forEach(node ->
                            traffic.wires.add(WatchedWire.of(cluster.lab().daemons(), node)));
            traffic.flow();
            return traffic;
        } catch (RuntimeException e) {
            traffic.close();
            throw e;
        }
    }

    /** Sends nothing while {@code body} goes on, and has nothing in flight: what it takes from a node costs no packet. */
    void pausedFor(Runnable body) {
        end();
        body.run();
        Await.until(
                "the pods reach each other", AgreedTunnel.COLD, cluster::tails, () -> reaches(0, 1) && reaches(1, 0));
        cluster.warmUp();
        flow();
    }

    private boolean reaches(int from, int to) {
        return cluster.node(from)
                .tryRun(
                        "ping",
                        "-q",
                        "-c",
                        "1",
                        "-W",
                        "1",
                        "-I",
                        cluster.node(from).facts().podAddress(IpFamily.IPV4),
                        cluster.node(to).facts().podAddress(IpFamily.IPV4))
                .ok();
    }

    /** Ends it, and says what became of all packets. */
    ChaosVerdict judge(boolean untouched) {
        end();
        return ChaosVerdict.of(
                List.copyOf(done), wires.stream().map(WatchedWire::end).toList(), untouched);
    }

    @Override
    public void close() {
        running.forEach(Flow.Running::close);
        wires.forEach(WatchedWire::close);
    }

    private void flow() {
        List<Flow.Running> begun = new ArrayList<>();
        running = begun;
        begun.add(flow(0, 1).start(cluster.lab().daemons()));
        begun.add(flow(1, 0).start(cluster.lab().daemons()));
    }

    private void end() {
        running.forEach(flow -> done.add(flow.end()));
        running = List.of();
    }

    private Flow flow(int from, int to) {
        return Flow.endless(cluster.node(from), cluster.node(to), PORT, PER_SECOND);
    }
}
