package io.ipsecxdp.agent.report;

import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.plan.Acquires;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.DesiredPolicy;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.Round;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.plan.ToKernel;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.agent.steering.Steerer;
import io.ipsecxdp.agent.steering.SteeringCounters;
import io.ipsecxdp.agent.tunnel.NodeTunnels;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.crds.Acquire;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.IntegrityAlgorithm;
import io.ipsecxdp.crds.NodeCapabilities;
import io.ipsecxdp.crds.OutcomeCount;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TunnelReport;
import io.ipsecxdp.crds.UpperProtocol;
import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/**
 * Puts together what is told to the API server.
 *
 * @param identity what does not change while the agent runs
 * @param errors what the kernel's IPsec refused
 * @param clusterFingerprints what is the same for equal keys on all nodes, of an SA and the key that the kernel has, if one
 */
public record NodeReporter(
        Identity identity,
        Xfrm xfrm,
        StateFolder state,
        Steerer steerer,
        XfrmErrors errors,
        BiFunction<Origin, Optional<KeyFingerprint>, Optional<String>> clusterFingerprints) {

    /**
     * What does not change while the agent runs.
     *
     * @param kernel its release
     * @param agent version of this agent
     * @param steering what the kernel can do for it
     * @param steeringLacks sentences about what it cannot do for it
     */
    public record Identity(String kernel, String boot, String agent, boolean xfrmKfunc, List<String> steeringLacks) {}

    private static final int MOST_NAMED = 3;

    public KernelInfo kernelFacts(NodeInfo facts) {
        return new KernelInfo(identity.boot(), facts.cpus(), xfrm.capabilities(), facts.apiServer());
    }

    /** What a decision about tunnels is made of. */
    public NodeTunnels.Now forTunnels(
            List<Slice> slices, Round round, KernelHistory history, NodeInfo facts, Instant at) {
        return new NodeTunnels.Now(slices, round, state.journal(), state.ledger(), history, kernelFacts(facts), at);
    }

    public StatusUpdate news(
            List<Slice> slices,
            NodeInfo facts,
            Round round,
            Map<InterfaceStatus.Key, InterfaceStatus> steering,
            Map<String, TunnelReport> tunnels,
            Optional<String> trouble,
            Optional<Failing> failing) {
        PlanReport asRead = report(slices, round, steering, tunnels);
        PlanReport report = failing.map(asRead::whileAgentIs).orElse(asRead);
        SteeringCounters counters = steerer.counters();
        List<OutcomeCount> outcomes = new ArrayList<>();
        counters.packets().forEach((outcome, packets) -> outcomes.add(new OutcomeCount(outcome.name(), packets)));
        outcomes.sort(Comparator.comparing(OutcomeCount::outcome));
        XfrmErrors.Seen seen = errors.look(counters.packets().getOrDefault(Outcome.SA_UNKNOWN_DROPPED, 0L));
        List<SaFigures> sas = figures(round);
        NodeSummary summary = new NodeSummary(
                identity.kernel(),
                identity.boot(),
                identity.agent(),
                facts,
                capabilities(xfrm.capabilities()),
                steerer.steered(),
                report.installedSas(),
                report.tally(),
                new NodeSummary.Traffic(
                        SaFigures.total(sas),
                        counters.ipsecPackets(),
                        counters.ownerPercent(),
                        outcomes,
                        counters.dropped(),
                        SteeringCounters.inWords(counters.imbalance()),
                        counters.traffic(),
                        counters.unknownSpis(),
                        seen.counters(),
                        acquires(round)),
                counters.overflow(),
                seen.unknownSpis(),
                unreadable(round.observed().unreadable()),
                lacks(facts),
                state.damagedLedger(),
                trouble);
        return new StatusUpdate(report, summary, sas);
    }

    /** Of the policies that say so of themselves; the longest first. */
    private static List<Acquire> acquires(Round round) {
        return round.desired().policies().entrySet().stream()
                .filter(entry -> Optional.ofNullable(round.plan().policies().get(entry.getKey()))
                        .filter(standing -> standing.reason() == Reason.NoSecurityAssociation)
                        .isPresent())
                .map(Map.Entry::getValue)
                .flatMap(policy -> Optional.ofNullable(
                        round.acquires().byPolicy().get(policy.policy().id()))
                        .map(acquire -> acquire(policy, acquire))
                        .stream())
                .sorted(Comparator.comparing(Acquire::since).thenComparing(Acquire::policy))
                .limit(Acquire.MAX_LISTED)
                .toList();
    }

    private static Acquire acquire(DesiredPolicy policy, Acquires.Acquire acquire) {
        XfrmSelector packet = acquire.packet();
        return new Acquire(
                policy.name(),
                packet.source().address().getHostAddress(),
                packet.destination().address().getHostAddress(),
                new UpperProtocol(packet.upperProtocol().number()).toString(),
                policy.policy().templates().getFirst().reqid(),
                acquire.times(),
                acquire.first().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    /**
     * A report is about what the round worked towards: others may have come since, of which it knows nothing.
     */
    private PlanReport report(
            List<Slice> now,
            Round round,
            Map<InterfaceStatus.Key, InterfaceStatus> steering,
            Map<String, TunnelReport> tunnels) {
        List<Slice> slices = now.stream()
                .flatMap(slice -> Optional.ofNullable(round.desired().slices().get(slice.name()))
                        .map(done -> done.generation() == slice.generation() ? slice : done.with(slice.status()))
                        .stream())
                .toList();
        Set<Origin> used = new HashSet<>();
        Map<Origin, String> keyFingerprints = new HashMap<>();
        for (DesiredSa sa : round.desired().sas().values()) {
            if (sa.key() instanceof KeySource.Derived) {
                continue;
            }
            if (state.ledger().hasUsed(sa.origin())) {
                used.add(sa.origin());
            }
            Optional<KeyFingerprint> installed = Optional.ofNullable(
                            state.journal().sas().get(sa.sa().id()))
                    .filter(owned -> owned.origin().equals(sa.origin()))
                    .flatMap(OwnedSa::key);
            clusterFingerprints
                    .apply(sa.origin(), installed)
                    .ifPresent(fingerprint -> keyFingerprints.put(sa.origin(), fingerprint));
        }
        Desired desired = round.desired();
        return new PlanReport(
                identity.boot(),
                slices,
                round.plan().sas(),
                round.plan().policies(),
                steering,
                keyFingerprints,
                used,
                state.journal().sas().values().stream()
                        .filter(owned -> !desired.lists(owned))
                        .toList(),
                state.journal().policies().values().stream()
                        .filter(owned -> !desired.lists(owned))
                        .toList(),
                tunnels);
    }

    /** Of the SAs that are in force, those of tunnels too. */
    static List<SaFigures> figures(Round round) {
        return round.desired().sas().values().stream()
                .filter(sa -> Optional.ofNullable(round.plan().sas().get(sa.origin()))
                        .filter(standing -> standing.state() == EntryState.Installed)
                        .isPresent())
                .flatMap(sa ->
                        Optional.ofNullable(round.observed().sas().get(sa.sa().id()))
                                .map(there -> SaFigures.of(sa, there))
                                .stream())
                .toList();
    }

    private NodeCapabilities capabilities(XfrmCapabilities kernel) {
        EnumSet<AddressFamily> bothFamilies = EnumSet.allOf(AddressFamily.class);
        return new NodeCapabilities(
                kernel.esp().containsAll(bothFamilies),
                Arrays.stream(EncryptionAlgorithm.values())
                        .filter(algorithm -> ToKernel.has(kernel, algorithm))
                        .toList(),
                Arrays.stream(IntegrityAlgorithm.values())
                        .filter(algorithm -> ToKernel.has(kernel, algorithm))
                        .toList(),
                kernel.ah().containsAll(bothFamilies),
                kernel.beet(),
                kernel.saDirection(),
                kernel.perCpuSa(),
                identity.xfrmKfunc());
    }

    /** Of what the kernel has and nobody here can read; some by name. */
    static Optional<String> unreadable(List<Dump.Unreadable> entries) {
        if (entries.isEmpty()) {
            return Optional.empty();
        }
        String named = entries.stream()
                .limit(MOST_NAMED)
                .map(entry -> "%s (%s)".formatted(entry.entry(), entry.why()))
                .collect(Collectors.joining(", "));
        return Optional.of(
                "%d of the kernel's SAs and policies cannot be read and are left alone, as they are not ours: %s%s. Remove them if nobody needs them, or report them as a fault of the agent."
                        .formatted(
                                entries.size(),
                                named,
                                entries.size() > MOST_NAMED
                                        ? " and %d more".formatted(entries.size() - MOST_NAMED)
                                        : ""));
    }

    private List<String> lacks(NodeInfo facts) {
        List<String> lacks = new ArrayList<>(xfrm.capabilities().missing());
        lacks.addAll(identity.steeringLacks());
        if (!facts.apiServer().learned()) {
            lacks.add("It is not known where all API servers are, because the EndpointSlice default/kubernetes does not"
                    + " exist or cannot be read: policies that may cover the way there wait.");
        }
        if (facts.moreAddresses() > 0) {
            lacks.add(
                    "This node has %d addresses more than are listed here, and no SA or policy can be declared for those: remove what the node does not need."
                            .formatted(facts.moreAddresses()));
        }
        return lacks;
    }
}
