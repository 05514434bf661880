package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.agent.plan.DesiredPolicy;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.tunnel.PrivateValues.PresharedKeyName;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What a decision about tunnels asks of SAD and SPD, in the terms of a plan.
 *
 * @param slice with the policies
 */
record TunnelEntries(Slice slice, Map<Origin, DesiredSa> sas) {

    /** The most that the kernel takes: packets of one SA overtake one another in the queues to the CPUs. */
    private static final int REPLAY_WINDOW = 4096;

    static final TunnelEntries NONE = new TunnelEntries(slice("", List.of()), Map.of());

    /**
     * @param before what was asked for last: an SA of a pair that is no more stays as it is for a while
     */
    static TunnelEntries of(
            TunnelInput in,
            TunnelDecision decision,
            TunnelView view,
            Spis spis,
            Set<SaId> inKernel,
            TunnelEntries before) {
        Map<TunnelPair, PairTraffic> pairs = PairTraffic.of(in.tunnels());
        Set<SaId> taken = new HashSet<>(inKernel);
        Map<Origin, DesiredSa> sas = new LinkedHashMap<>();
        decision.sas().stream()
                .sorted(Comparator.comparing((TunnelSa sa) -> sa.pair().tunnel())
                        .thenComparing(sa -> sa.pair().peer())
                        .thenComparing(TunnelSa::own)
                        .thenComparing(TunnelSa::theirs)
                        .thenComparing(sa -> sa.cpu().orElse(-1)))
                .forEach(sa -> Optional.ofNullable(pairs.get(sa.pair()))
                        .flatMap(pair -> desired(sa, pair, in, decision.memory(), view, spis, taken, before))
                        .or(() -> Optional.ofNullable(before.sas().get(sa.origin())))
                        .ifPresent(desired -> {
                            taken.add(desired.sa().id());
                            sas.put(desired.origin(), desired);
                        }));
        List<PlannedPolicy> policies = new ArrayList<>();
        pairs.forEach(
                (id, pair) -> policies.addAll(pair.policies(decision.policies().getOrDefault(id, PairPolicies.NONE))));
        return new TunnelEntries(slice(in.self().name(), policies), sas);
    }

    /** All policies of a pair, as in force. */
    static Map<PolicyKey, DesiredPolicy> policies(PairTraffic pair) {
        return Desired.UNKNOWN
                .with(slice("", pair.policies(new PairPolicies(true, PairPolicies.Receiving.REQUIRES))), Map.of())
                .policies();
    }

    private static Slice slice(String node, List<PlannedPolicy> policies) {
        return new Slice(
                TunnelView.SLICE,
                TunnelView.SLICE,
                0,
                new NodePlanSpec(node, List.of(), policies, List.of()),
                Optional.empty());
    }

    /**
     * SPI and CPU of an SA that is there are as they are: both cannot change, and a private value may be lost. One that was asked
     * for stays asked for, unless somebody else has its place.
     */
    private static Optional<DesiredSa> desired(
            TunnelSa sa,
            PairTraffic pair,
            TunnelInput in,
            TunnelMemory memory,
            TunnelView view,
            Spis spis,
            Set<SaId> taken,
            TunnelEntries before) {
        Optional<ObservedSa> there = Optional.ofNullable(view.sas().get(sa));
        PlannedTunnel planned = pair.tunnel().planned();
        Optional<Long> spi = there.map(ObservedSa::id)
                .or(() -> Optional.ofNullable(before.sas().get(sa.origin()))
                        .map(asked -> asked.sa().id())
                        .filter(place -> !sa.outbound() && !taken.contains(place)))
                .or(() -> spis.place(sa, pair, in, memory, taken))
                .map(SaId::spi);
        OptionalInt owner = there.map(ObservedSa::ownerCpu).orElseGet(() -> owner(sa, in.cpus()));
        return pair.outer()
                .flatMap(outer -> spi.map(number -> new DesiredSa(
                        "%s, with node %s".formatted(planned.name(), pair.peer().node()),
                        sa.origin(),
                        TunnelView.SLICE,
                        sa(sa, planned, outer, number, owner),
                        new KeySource.Derived(sa.origin(), planned.algorithm(), planned.keyBits()))));
    }

    private static Sa sa(TunnelSa sa, PlannedTunnel planned, PairTraffic.Outer outer, long spi, OptionalInt owner) {
        InetAddress local = IpLiterals.parse(outer.local());
        InetAddress remote = IpLiterals.parse(outer.remote());
        return SaBuilder.builder()
                .id(SaId.esp(sa.outbound() ? remote : local, spi))
                .source(sa.outbound() ? local : remote)
                .direction(sa.direction())
                .mode(mode(planned))
                .algorithms(aead(planned))
                .reqid(planned.reqid())
                .replayWindow(sa.direction() == SaDir.IN ? REPLAY_WINDOW : 0)
                .esn(true)
                .ownerCpu(owner)
                .options(SaOptions.NONE)
                .build();
    }

    static Mode mode(PlannedTunnel planned) {
        return planned.traffic().mode() == SaMode.Tunnel ? Mode.TUNNEL : Mode.TRANSPORT;
    }

    static Aead aead(PlannedTunnel planned) {
        EncryptionAlgorithm algorithm = planned.algorithm();
        return Aead.of(
                algorithm.kernelName(), planned.keyBits() + algorithm.saltBytes() * Byte.SIZE, algorithm.icvBits());
    }

    /** A receiver spreads the senders' CPUs over its own, of which there may be fewer or more. */
    private static OptionalInt owner(TunnelSa sa, List<Integer> cpus) {
        if (sa.cpu().isEmpty()) {
            return OptionalInt.empty();
        }
        int cpu = sa.cpu().orElseThrow();
        if (sa.outbound()) {
            return OptionalInt.of(cpu);
        }
        return cpus.isEmpty() ? OptionalInt.empty() : OptionalInt.of(cpus.get(cpu % cpus.size()));
    }

    /** The one that this node's generation goes with. */
    static Optional<PresharedKeyName> presharedKey(TunnelSa sa, TunnelMemory memory) {
        return memory.generations().stream()
                .filter(own -> own.publicKey().equals(sa.own()))
                .flatMap(own ->
                        Optional.ofNullable(own.presharedKeys().get(sa.pair().tunnel())).stream())
                .map(version -> new PresharedKeyName(sa.pair().tunnel(), version))
                .findFirst();
    }

    static PrivateValues.Cipher cipher(PlannedTunnel planned) {
        return cipher(new KeySource.Derived(Origin.of(planned.uid()), planned.algorithm(), planned.keyBits()));
    }

    /** What the kernel wants. */
    static PrivateValues.Cipher cipher(KeySource.Derived key) {
        return new PrivateValues.Cipher("%s-%d".formatted(key.algorithm(), key.keyBits()), key.length());
    }
}
