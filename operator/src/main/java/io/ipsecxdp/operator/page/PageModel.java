package io.ipsecxdp.operator.page;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.CpuTraffic;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.Tunnel;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelProgress;
import io.ipsecxdp.crds.TunnelStatus;
import io.ipsecxdp.operator.compile.DeclaredKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The page but for the SAs of single nodes. It has no time in it, so that what has not changed is the same. It grows with nodes
 * and not with pairs of them, and nothing in it grows without a bound: what is more is counted.
 *
 * @param moreProblems how many there are besides those that are listed, and so on
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record PageModel(
        boolean ready,
        String headline,
        List<KindCount> kinds,
        List<Problem> problems,
        int moreProblems,
        List<TunnelLine> tunnels,
        int moreTunnels,
        List<NodeLine> nodes,
        int moreNodes) {

    static final int MOST_PROBLEMS = 200;
    static final int MOST_TUNNELS = 100;
    static final int MOST_NODES = 5_000;
    /** Of all tunnels together. */
    static final int MOST_MEMBERS = 20_000;

    static final int MOST_CPUS = 256;

    /** @param degraded are in force, and need a person */
    record KindCount(String kind, int total, int notReady, int degraded) {}

    /**
     * A node.
     *
     * @param ready empty if its agent has not said it
     * @param silent whether its agent does not renew its Lease
     * @param load what its CPUs got to decrypt: number of the CPU, packets, and those that were lost on the way
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record NodeLine(
            String name,
            Optional<Boolean> ready,
            boolean silent,
            Optional<String> cpus,
            Optional<String> sas,
            Optional<String> steering,
            Optional<Integer> ownerPercent,
            Optional<Long> dropped,
            Optional<String> imbalance,
            Optional<String> kernel,
            List<List<Long>> load) {}

    /**
     * A tunnel.
     *
     * @param phase what its nodes are about
     * @param members its nodes; none if there are too many to be listed
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record TunnelLine(
            String name,
            long generation,
            String phase,
            Optional<String> pairs,
            Optional<Integer> mtu,
            Optional<String> oldestKey,
            int size,
            List<Member> members) {}

    /**
     * A node of a tunnel, and how far it is with the others, as in TunnelPeers and KeyShare.
     *
     * @param node its place in the list of nodes
     * @param keys how many generations of keys it has: one, and another one while it rekeys
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record Member(
            int node,
            int end,
            long revision,
            boolean leaving,
            int keys,
            long accepts,
            long sends,
            List<Integer> acceptsNot,
            List<Integer> sendsNot) {}

    static PageModel of(PageInput input) {
        List<Problem> problems = Stream.concat(
                        input.nodes().stream().flatMap(node -> Problem.of(node, input.alive()).stream()),
                        input.declared().stream().flatMap(object -> Problem.of(object).stream()))
                .sorted(Problem.WORST_FIRST)
                .toList();
        long notReady = problems.stream().filter(problem -> !problem.isReady()).count();
        List<String> names = names(input);
        List<NodeLine> nodes = nodes(input, names);
        List<TunnelLine> tunnels = tunnels(input, names);
        return new PageModel(
                notReady == 0 && !input.nodes().isEmpty(),
                headline(input, notReady),
                kinds(input, problems),
                first(problems, MOST_PROBLEMS),
                more(problems, MOST_PROBLEMS),
                first(tunnels, MOST_TUNNELS),
                more(tunnels, MOST_TUNNELS),
                first(nodes, MOST_NODES),
                more(nodes, MOST_NODES));
    }

    private static String headline(PageInput input, long notReady) {
        if (input.nodes().isEmpty()) {
            return "No agent has reported: there is no IPsecNode. Look at the pods of the DaemonSet ipsec-xdp-agent.";
        }
        if (notReady > 0) {
            return notReady == 1 ? "1 object is not Ready." : notReady + " objects are not Ready.";
        }
        return input.declared().isEmpty()
                ? "Nothing is declared, and the agents of all nodes are Ready."
                : "All is Ready.";
    }

    private static List<KindCount> kinds(PageInput input, List<Problem> problems) {
        Map<String, List<Problem>> byKind = problems.stream().collect(groupingBy(Problem::kind));
        Map<String, Integer> totals = new TreeMap<>();
        DeclaredKind.ALL.forEach(kind -> totals.put(kind.toString(), 0));
        input.declared().forEach(object -> totals.merge(object.getKind(), 1, Integer::sum));
        totals.put("IPsecNode", input.nodes().size());
        return totals.entrySet().stream()
                .map(kind -> {
                    List<Problem> of = byKind.getOrDefault(kind.getKey(), List.of());
                    int degraded = (int) of.stream().filter(Problem::isReady).count();
                    return new KindCount(kind.getKey(), kind.getValue(), of.size() - degraded, degraded);
                })
                .toList();
    }

    /** Of nodes whose agents report, and of those that a tunnel waits for. */
    private static List<String> names(PageInput input) {
        var names = new TreeSet<String>();
        input.nodes().forEach(node -> names.add(node.getMetadata().getName()));
        input.peers().forEach(slice -> slice.getSpec().peers().forEach(peer -> names.add(peer.node())));
        return List.copyOf(names);
    }

    private static List<NodeLine> nodes(PageInput input, List<String> names) {
        Map<String, IPsecNode> reported =
                input.nodes().stream().collect(toMap(node -> node.getMetadata().getName(), node -> node));
        return names.stream()
                .map(name -> node(
                        name,
                        Optional.ofNullable(reported.get(name)).map(IPsecNode::getStatus),
                        !input.alive().contains(name)))
                .toList();
    }

    private static NodeLine node(String name, Optional<IPsecNodeStatus> status, boolean silent) {
        return new NodeLine(
                name,
                status.flatMap(PageModel::ready),
                silent,
                status.map(IPsecNodeStatus::cpus),
                status.map(IPsecNodeStatus::securityAssociations),
                status.map(IPsecNodeStatus::steering),
                status.map(IPsecNodeStatus::ownerPercent),
                status.map(IPsecNodeStatus::droppedPackets),
                status.map(IPsecNodeStatus::imbalance),
                status.map(IPsecNodeStatus::kernel),
                status.map(PageModel::load).orElse(List.of()));
    }

    private static Optional<Boolean> ready(IPsecNodeStatus status) {
        return Condition.of(Condition.READY, status.conditions())
                .map(condition -> condition.status() == Condition.Status.True);
    }

    /** Of all interfaces together; the busiest, by their numbers. */
    private static List<List<Long>> load(IPsecNodeStatus status) {
        Map<Integer, CpuTraffic> sums = new TreeMap<>();
        status.steeredTraffic().stream()
                .flatMap(traffic -> traffic.cpus().stream())
                .forEach(cpu -> sums.merge(
                        cpu.cpu(),
                        cpu,
                        (one, other) -> new CpuTraffic(
                                one.cpu(), one.packets() + other.packets(), one.dropped() + other.dropped())));
        return sums.values().stream()
                .sorted(Comparator.comparing(CpuTraffic::packets).reversed())
                .limit(MOST_CPUS)
                .sorted(Comparator.comparing(CpuTraffic::cpu))
                .map(cpu -> List.of(cpu.cpu().longValue(), cpu.packets(), cpu.dropped()))
                .toList();
    }

    private static List<TunnelLine> tunnels(PageInput input, List<String> names) {
        Map<String, Integer> places = new HashMap<>();
        IntStream.range(0, Math.min(names.size(), MOST_NODES)).forEach(place -> places.put(names.get(place), place));
        Map<String, List<TunnelPeer>> peers = new HashMap<>();
        input.peers()
                .forEach(slice -> peers.computeIfAbsent(slice.getSpec().uid(), uid -> new ArrayList<>())
                        .addAll(slice.getSpec().peers()));
        Map<String, KeyShareSpec> shares = input.shares().stream()
                .collect(toMap(share -> share.getMetadata().getName(), KeyShare::getSpec));
        var lines = new ArrayList<TunnelLine>();
        int listed = 0;
        List<Tunnel> tunnels = input.declared().stream()
                .filter(Tunnel.class::isInstance)
                .map(Tunnel.class::cast)
                .sorted(Comparator.comparing(tunnel -> tunnel.getMetadata().getName()))
                .toList();
        for (Tunnel tunnel : tunnels) {
            String uid = tunnel.getMetadata().getUid();
            List<TunnelPeer> of = peers.getOrDefault(uid, List.of()).stream()
                    .filter(peer -> places.containsKey(peer.node()))
                    .sorted(Comparator.comparing(TunnelPeer::node))
                    .toList();
            List<Member> members = of.stream()
                    .map(peer -> member(
                            uid,
                            peer,
                            places,
                            // What is under the name of a node that was there before says nothing of this one
                            Optional.ofNullable(shares.get(peer.node()))
                                    .filter(share -> share.nodeUid().equals(peer.uid()))))
                    .toList();
            boolean fits = lines.size() < MOST_TUNNELS && listed + members.size() <= MOST_MEMBERS;
            listed += fits ? members.size() : 0;
            lines.add(tunnel(tunnel, members, fits));
        }
        return lines;
    }

    private static TunnelLine tunnel(Tunnel tunnel, List<Member> members, boolean listed) {
        Optional<TunnelStatus> status = Optional.ofNullable(tunnel.getStatus());
        return new TunnelLine(
                tunnel.getMetadata().getName(),
                tunnel.getMetadata().getGeneration(),
                phase(tunnel, members),
                status.map(TunnelStatus::pairs),
                status.map(TunnelStatus::mtu),
                status.map(TunnelStatus::oldestKey),
                members.size(),
                listed ? members : List.of());
    }

    private static String phase(Tunnel tunnel, List<Member> members) {
        if (tunnel.getSpec().paused()) {
            return "paused";
        }
        long joining = members.stream().filter(member -> member.keys() == 0).count();
        long rekeying = members.stream().filter(member -> member.keys() > 1).count();
        if (joining > 0) {
            return "begins: %d of %d nodes have no key yet".formatted(joining, members.size());
        }
        return rekeying > 0
                ? "rekeys: %d of %d nodes have more than one generation of keys".formatted(rekeying, members.size())
                : "settled";
    }

    private static Member member(
            String tunnel, TunnelPeer peer, Map<String, Integer> places, Optional<KeyShareSpec> share) {
        Optional<TunnelProgress> progress = share.flatMap(said ->
                said.tunnels().stream().filter(one -> one.uid().equals(tunnel)).findFirst());
        return new Member(
                places.get(peer.node()),
                peer.end(),
                peer.revision(),
                peer.leaves(),
                share.map(said -> said.generations().size()).orElse(0),
                progress.map(TunnelProgress::accepts).orElse(0L),
                progress.map(TunnelProgress::sends).orElse(0L),
                places(progress.map(TunnelProgress::acceptsNot).orElse(List.of()), places),
                places(progress.map(TunnelProgress::sendsNot).orElse(List.of()), places));
    }

    private static List<Integer> places(List<String> names, Map<String, Integer> places) {
        return names.stream().filter(places::containsKey).map(places::get).toList();
    }

    static <T> List<T> first(List<T> list, int most) {
        return List.copyOf(list.subList(0, Math.min(list.size(), most)));
    }

    /** How many there are besides the first. */
    static int more(List<?> list, int most) {
        return Math.max(0, list.size() - most);
    }
}
