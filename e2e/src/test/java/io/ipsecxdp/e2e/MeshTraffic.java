package io.ipsecxdp.e2e;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Numbered packets there and back between all pairs of nodes, and a look at each packet that leaves one. */
final class MeshTraffic implements AutoCloseable {
    private static final int PORT = 5_500;

    private final Daemons daemons;
    private final int perSecond;
    private final List<WatchedWire> wires;
    private final Map<Pair, Flow.Running> flows = new LinkedHashMap<>();
    private final List<Flow.Report> ended = new ArrayList<>();

    /** One node sends to the other, which sends each packet back. */
    private record Pair(Node from, Node to) {
        boolean has(Node node) {
            return from.equals(node) || to.equals(node);
        }
    }

    private MeshTraffic(Daemons daemons, int perSecond, List<Node> nodes) {
        this.daemons = daemons;
        this.perSecond = perSecond;
        this.wires = nodes.stream().map(node -> WatchedWire.of(daemons, node)).toList();
        for (int i = 0; i < nodes.size(); i++) {
            for (int j = 0; j < i; j++) {
                start(new Pair(nodes.get(i), nodes.get(j)));
            }
        }
    }

    /** @param perSecond of each pair, and as many echoes */
    static MeshTraffic start(Cluster cluster, int perSecond) {
        return new MeshTraffic(cluster.lab().daemons(), perSecond, cluster.lab().nodes());
    }

    /** Lets the pairs of {@code node} pause while something is done. */
    void without(Node node, Runnable meanwhile) {
        List<Pair> paused =
                flows.keySet().stream().filter(pair -> pair.has(node)).toList();
        paused.forEach(pair -> end(flows.remove(pair)));
        meanwhile.run();
        paused.forEach(this::start);
    }

    /**
     * What became of the packets.
     *
     * @param lost of those sent, that never came back
     */
    record Report(
            long sent, long lost, long twice, long esp, long repeated, long clear, long unseen, double perSecond) {}

    Report end() {
        flows.values().forEach(this::end);
        flows.clear();
        List<WatchedWire.Report> seen = wires.stream().map(WatchedWire::end).toList();
        double pairSeconds = ended.stream().mapToDouble(Flow.Report::seconds).sum();
        long sent = ended.stream().mapToLong(Flow.Report::sent).sum();
        int pairs = wires.size() * (wires.size() - 1) / 2;
        return new Report(
                sent,
                ended.stream().mapToLong(Flow.Report::lost).sum(),
                ended.stream().mapToLong(Flow.Report::duplicates).sum(),
                seen.stream().mapToLong(WatchedWire.Report::esp).sum(),
                seen.stream().mapToLong(WatchedWire.Report::repeated).sum(),
                seen.stream().mapToLong(WatchedWire.Report::clear).sum(),
                seen.stream().mapToLong(WatchedWire.Report::unseen).sum(),
                2 * pairs * sent / pairSeconds);
    }

    @Override
    public void close() {
        Stream.concat(flows.values().stream(), wires.stream()).forEach(MeshTraffic::close);
    }

    private void start(Pair pair) {
        flows.put(pair, Flow.endless(pair.from(), pair.to(), PORT, perSecond).start(daemons));
    }

    private void end(Flow.Running flow) {
        try (flow) {
            ended.add(flow.end());
        }
    }

    private static void close(AutoCloseable running) {
        try {
            running.close();
        } catch (Exception e) {
            throw new IllegalStateException("cannot end " + running, e);
        }
    }
}
