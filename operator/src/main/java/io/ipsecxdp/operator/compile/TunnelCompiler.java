package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who is in which tunnel, and what its nodes must know of it. Keys, and the order in which two nodes begin and end, are
 * theirs; here nodes join and leave. A node is a unit of its own: what is wrong with one takes nothing from the others.
 */
final class TunnelCompiler {
    private static final long REQIDS = Api.LAST_DECLARED_REQID + 1;
    private static final long HIGHEST_REQID = 0xffff_ffffL;

    private final CompilerInput input;
    private final ClusterNodes cluster;
    private final Map<String, List<PeersSlice>> existing;
    private final TunnelDepartures departures;
    private final PolicyClaims policies;
    private final Map<String, Long> reqids = new HashMap<>();

    private TunnelCompiler(CompilerInput input) {
        this.input = input;
        this.cluster = input.cluster();
        this.existing = PeerSlicer.inOrder(input.tunnels().peers()).stream()
                .collect(groupingBy(slice -> slice.spec().uid(), TreeMap::new, toList()));
        this.departures = new TunnelDepartures(input);
        this.policies = input.claims();
        input.inForce().all().forEach(placed -> {
            if (placed.entry() instanceof Entry.OfTunnel(PlannedTunnel planned)) {
                reqids.put(planned.uid(), planned.reqid());
            }
        });
    }

    static DeclaredKind.Compiled compile(CompilerInput input, List<Declared<TunnelSpec>> tunnels) {
        return new TunnelCompiler(input).compile(tunnels);
    }

    /**
     * What a tunnel asks for.
     *
     * @param nodes those that its selectors select, with the end that each is of
     * @param findings what is wrong with it as a whole
     * @param unfit what is wrong with single nodes
     * @param members nodes that it gets; those that are in it already stay if it cannot be had as it is declared now
     * @param holder the same nodes, and those that leave
     */
    private record Asking(
            Declared<TunnelSpec> tunnel,
            SortedMap<String, Integer> nodes,
            List<Finding> findings,
            List<Finding> unfit,
            SortedMap<String, Integer> members,
            TunnelClaims.Holder holder) {

        String uid() {
            return tunnel.uid();
        }

        boolean isOn() {
            return findings.isEmpty() && !tunnel.spec().paused();
        }

        boolean isFit(String node) {
            return unfit.stream().noneMatch(finding -> finding.node().equals(Optional.of(node)));
        }
    }

    /** The slices of a tunnel as they must be, and whom those wait for who leave. */
    private record Next(List<PeersSlice> slices, List<Wait> waits) {
        boolean isEmpty() {
            return slices.stream().allMatch(slice -> slice.spec().peers().isEmpty());
        }
    }

    private DeclaredKind.Compiled compile(List<Declared<TunnelSpec>> tunnels) {
        var declared = new HashSet<String>();
        tunnels.forEach(tunnel -> declared.add(tunnel.uid()));
        var gone = existing.keySet().stream()
                .filter(uid -> !declared.contains(uid))
                .map(this::gone)
                .toList();
        var claims = new TunnelClaims(cluster);
        gone.forEach(tunnel -> tunnel.holder().ifPresent(claims::add));
        var asking = tunnels.stream()
                .sorted(Comparator.comparing((Declared<TunnelSpec> tunnel) -> !existing.containsKey(tunnel.uid()))
                        .thenComparing(Declared.BY_AGE))
                .map(tunnel -> asking(tunnel, gone))
                .toList();
        asking.forEach(tunnel -> {
            claims.add(tunnel.holder());
            stay(tunnel);
        });
        asking.forEach(tunnel -> admit(tunnel, claims));

        var slicer = new PeerSlicer(input.tunnels().peers());
        var settled = new TreeMap<ObjectKey, Arbiter.Settled>();
        var lingering = new ArrayList<Placed>();
        var slices = new ArrayList<PeersSlice>();
        var abandoned = new ArrayList<String>();
        var pairs = new HashMap<ObjectKey, Long>();
        for (var tunnel : asking) {
            var next = next(new PeerSlicer.Of(tunnel.tunnel().key().name(), tunnel.uid()), peers(tunnel), slicer);
            slices.addAll(next.slices());
            settled.put(tunnel.tunnel().key(), settle(tunnel, next));
            pairs.put(tunnel.tunnel().key(), pairs(tunnel));
        }
        for (var tunnel : gone) {
            var next = next(new PeerSlicer.Of(tunnel.name(), tunnel.uid()), new TreeMap<>(), slicer);
            var planned = inForce(tunnel.uid());
            if (next.isEmpty() && planned.isEmpty()) {
                existing.get(tunnel.uid()).forEach(slice -> abandoned.add(slice.name()));
                continue;
            }
            slices.addAll(next.slices());
            var there = entries(tunnel.uid());
            planned.forEach((node, placed) -> {
                if (there.containsKey(node)) {
                    lingering.add(placed);
                }
            });
        }
        return new DeclaredKind.Compiled(settled, lingering, new TunnelMembers(slices, abandoned, pairs));
    }

    /** A tunnel that was deleted, and of which nodes have something still. */
    private record Gone(String name, String uid, Optional<TunnelClaims.Holder> holder) {}

    private Gone gone(String uid) {
        var slices = existing.get(uid);
        String name = slices.getFirst().spec().tunnel();
        var ends = ends(uid);
        var holder = inForce(uid).values().stream()
                .findFirst()
                .map(placed -> ((Entry.OfTunnel) placed.entry()).planned())
                .map(planned -> new TunnelClaims.Holder(
                        new ObjectKey(DeclaredKind.TUNNEL, name), true, planned.traffic(), ends));
        return new Gone(name, uid, holder);
    }

    private SortedMap<String, Integer> ends(String uid) {
        var ends = new TreeMap<String, Integer>();
        entries(uid).forEach((node, peer) -> ends.put(node, peer.end()));
        return ends;
    }

    private SortedMap<String, TunnelPeer> entries(String uid) {
        var entries = new TreeMap<String, TunnelPeer>();
        existing.getOrDefault(uid, List.of())
                .forEach(slice -> slice.spec().peers().forEach(peer -> entries.putIfAbsent(peer.node(), peer)));
        return entries;
    }

    /** What the plans have of a tunnel, by node. */
    private Map<String, Placed> inForce(String uid) {
        var planned = new LinkedHashMap<String, Placed>();
        input.inForce()
                .all()
                .filter(placed -> placed.entry() instanceof Entry.OfTunnel
                        && placed.entry().uid().equals(uid))
                .forEach(placed -> planned.put(placed.node(), placed));
        return planned;
    }

    private Asking asking(Declared<TunnelSpec> tunnel, List<Gone> gone) {
        var spec = tunnel.spec();
        var findings = new ArrayList<>(Validity.of(spec));
        SortedMap<String, Integer> nodes = new TreeMap<>();
        if (gone.stream().anyMatch(before -> before.name().equals(tunnel.key().name()))) {
            findings.add(Arbiter.stillHeld(tunnel.key()));
        }
        if (findings.isEmpty()) {
            var selection = TunnelSelection.of(spec, cluster);
            nodes = selection.nodes();
            findings.addAll(selection.findings());
        }
        if (findings.isEmpty() && spec.paused() && entries(tunnel.uid()).isEmpty()) {
            findings.add(
                    Finding.of(
                            Reason.Paused,
                            "spec.paused is true, so what it would protect is in the clear: set spec.paused to false to protect it"));
        }
        return new Asking(
                tunnel,
                nodes,
                findings,
                new ArrayList<>(),
                new TreeMap<>(),
                TunnelClaims.Holder.of(tunnel.key(), false, spec.traffic()));
    }

    /** Nodes that are in the tunnel, and stay. */
    private void stay(Asking tunnel) {
        entries(tunnel.uid()).forEach((node, peer) -> {
            boolean stays = tunnel.findings().isEmpty()
                    ? tunnel.isOn() && peer.end().equals(tunnel.nodes().getOrDefault(node, endOfMissing(peer)))
                    : !peer.leaves();
            if (departures.isGone(node)) {
                return;
            }
            tunnel.holder().nodes().put(node, peer.end());
            if (stays) {
                tunnel.members().put(node, peer.end());
                if (cluster.node(node).isPresent() && tunnel.isOn()) {
                    tunnel.unfit().addAll(unfit(tunnel.tunnel(), node));
                }
            }
        });
    }

    /** The end of a node whose Node is missing and whose agent lives: that is no word of the user's. */
    private Integer endOfMissing(TunnelPeer peer) {
        return cluster.node(peer.node()).isEmpty() && !peer.leaves() ? peer.end() : -1;
    }

    /** Nodes that the tunnel gets besides. One that is to be of the other end leaves before it comes again. */
    private void admit(Asking tunnel, TunnelClaims claims) {
        if (!tunnel.isOn()) {
            return;
        }
        var there = entries(tunnel.uid());
        tunnel.nodes().forEach((node, end) -> {
            if (!there.containsKey(node)) {
                var findings = unfit(tunnel.tunnel(), node);
                claims.conflict(tunnel.holder(), tunnel.nodes(), node)
                        .or(() -> policies.conflict(tunnel.tunnel(), tunnel.nodes(), node))
                        .ifPresent(findings::add);
                if (findings.isEmpty()) {
                    tunnel.members().put(node, end);
                    tunnel.holder().nodes().put(node, end);
                }
                tunnel.unfit().addAll(findings);
            }
        });
    }

    /** Why a node cannot be in a tunnel. */
    private List<Finding> unfit(Declared<TunnelSpec> tunnel, String name) {
        var findings = new ArrayList<Finding>();
        var node = cluster.node(name).orElseThrow();
        var algorithm = algorithm(tunnel.spec());
        if (node.internalAddresses().isEmpty()) {
            findings.add(
                    Finding.on(
                            name,
                            Reason.NoAddressOfFamily,
                            "it has no InternalIP in its status: wait for its kubelet to report one, or leave it out of spec.ends"));
        }
        if (tunnel.spec().traffic().protectsPods() && node.podCidrs().isEmpty()) {
            findings.add(
                    Finding.on(
                            name,
                            Reason.NoPodCidr,
                            "its spec.podCIDRs is empty, so which packets are its pods' is not known: where the CNI allots addresses itself, declare a Tunnel with traffic.overlay or traffic.selectors; else leave it out of spec.ends"));
        }
        cluster.factsOf(name)
                .capabilities()
                .filter(kernel -> kernel.esp()
                        && !kernel.algorithms().isEmpty()
                        && !kernel.algorithms().contains(algorithm))
                .ifPresent(kernel -> findings.add(Finding.on(
                        name,
                        Reason.Unsupported,
                        "its kernel has no %s (%s): declare a Tunnel with another algorithm, run a kernel there that has it, or leave it out of spec.ends"
                                .formatted(algorithm, algorithm.kernelName()))));
        return findings;
    }

    private static EncryptionAlgorithm algorithm(TunnelSpec spec) {
        return EncryptionAlgorithm.named(spec.encryption().algorithm()).orElseThrow();
    }

    /** The nodes that are to be in the tunnel now. */
    private SortedMap<String, TunnelPeer> peers(Asking tunnel) {
        var there = entries(tunnel.uid());
        var peers = new TreeMap<String, TunnelPeer>();
        tunnel.members().forEach((node, end) -> {
            var had = Optional.ofNullable(there.get(node));
            boolean asBefore =
                    !tunnel.isOn() || !tunnel.isFit(node) || cluster.node(node).isEmpty();
            if (asBefore) {
                had.ifPresent(peer -> peers.put(node, peer));
            } else if (had.isPresent() || knowsOfTunnels(node, tunnel.uid())) {
                peers.put(
                        node,
                        peer(
                                cluster.node(node).orElseThrow(),
                                end,
                                tunnel.tunnel().spec()));
            }
        });
        return peers;
    }

    private static TunnelPeer peer(ClusterNode node, int end, TunnelSpec spec) {
        var addresses = new TreeMap<Family, IpAddress>();
        node.internalAddresses().forEach(address -> addresses.putIfAbsent(address.family(), address));
        return new TunnelPeer(
                node.name(),
                node.uid(),
                addresses.values().stream().map(IpAddress::text).toList(),
                spec.traffic().protectsPods()
                        ? node.podCidrs().stream().map(IpPrefix::toString).toList()
                        : List.of(),
                end,
                0L,
                null);
    }

    /** One that is silent, or of a version before tunnels, would only hold up the others. */
    private boolean knowsOfTunnels(String node, String uid) {
        boolean reports = input.tunnels()
                .report(node, uid)
                .filter(report -> report.state() != EntryState.Failed)
                .isPresent();
        boolean shares = input.tunnels()
                .progress(node, cluster.node(node).map(ClusterNode::uid), uid)
                .isPresent();
        return input.kernels().isAlive(node) && (reports || shares);
    }

    private Next next(PeerSlicer.Of of, SortedMap<String, TunnelPeer> members, PeerSlicer slicer) {
        var there = entries(of.uid());
        var peers = new TreeMap<>(members);
        var waits = new ArrayList<Wait>();
        there.forEach((node, peer) -> {
            if (!members.containsKey(node) && !departures.isGone(peer)) {
                departures.blocker(peer, there.values(), of).ifPresent(wait -> {
                    peers.put(node, peer.onItsWayOut());
                    waits.add(wait);
                });
            }
        });
        return new Next(
                slicer.slice(
                        of,
                        peers,
                        existing.getOrDefault(of.uid(), List.of()),
                        input.tunnels().highestAcknowledged(of.uid())),
                waits);
    }

    private Arbiter.Settled settle(Asking tunnel, Next next) {
        var declared = tunnel.tunnel();
        var planned = inForce(tunnel.uid());
        var placed = new TreeMap<String, Placed>();
        // Until its entry is seen to be gone: of two writes one may fail, and without a plan an agent tells no progress
        var there = entries(tunnel.uid());
        boolean stays = tunnel.findings().stream().anyMatch(finding -> finding.reason() != Reason.Paused);
        planned.forEach((node, entry) -> {
            if (there.containsKey(node) || stays && !departures.isGone(node)) {
                placed.put(node, entry);
            }
        });
        var findings = new ArrayList<>(tunnel.findings());
        findings.addAll(tunnel.unfit());
        var nodes = new TreeSet<>(tunnel.nodes().keySet());
        if (tunnel.isOn()) {
            tunnel.members().keySet().stream()
                    .filter(node -> cluster.node(node).isPresent() && tunnel.isFit(node))
                    .forEach(node -> {
                        placed.put(node, new Placed(node, new Entry.OfTunnel(plan(declared))));
                        unaware(node, declared).ifPresent(findings::add);
                    });
        } else if (tunnel.findings().isEmpty()) {
            nodes.clear();
        }
        next.waits().forEach(wait -> nodes.add(wait.node()));
        return new Arbiter.Settled(
                List.copyOf(placed.values()), new Verdict(Optional.empty(), nodes, findings, next.waits()));
    }

    private Optional<Finding> unaware(String node, Declared<TunnelSpec> tunnel) {
        boolean isSilentOfIt = input.kernels().hasRead(node, new Entry.Key(tunnel.key(), "", ""), tunnel.uid())
                && input.tunnels().report(node, tunnel.uid()).isEmpty();
        return isSilentOfIt
                ? Optional.of(
                        Finding.on(
                                node,
                                Reason.Unsupported,
                                "its agent has read its plan and says nothing of the tunnel, as one of an earlier version does: upgrade the agents (helm upgrade); what flows to that node is not protected"))
                : Optional.empty();
    }

    private PlannedTunnel plan(Declared<TunnelSpec> tunnel) {
        var spec = tunnel.spec();
        return new PlannedTunnel(
                tunnel.key().name(),
                tunnel.uid(),
                tunnel.generation(),
                spec.traffic(),
                algorithm(spec),
                spec.encryption().keyBits(),
                spec.perCpu().max(),
                spec.rekey().intervalSeconds().orElseThrow(),
                spec.rekey().volumeBytes().orElseThrow(),
                reqid(tunnel.uid()),
                spec.presharedKeySecretRef(),
                spec.rekey().request());
    }

    /** What a tunnel got it keeps; above those that users may declare. */
    private long reqid(String uid) {
        return reqids.computeIfAbsent(uid, none -> {
            long reqid = REQIDS | Integer.toUnsignedLong(uid.hashCode());
            while (reqids.containsValue(reqid)) {
                reqid = REQIDS | reqid + 1 & HIGHEST_REQID;
            }
            return reqid;
        });
    }

    private static long pairs(Asking tunnel) {
        var nodes = tunnel.isOn() ? tunnel.nodes() : tunnel.members();
        long all = nodes.size();
        long first = nodes.values().stream().filter(end -> end == 1).count();
        return tunnel.tunnel().spec().ends().size() < 2 ? all * (all - 1) / 2 : first * (all - first);
    }
}
