package io.ipsecxdp.operator.rollup;

import static java.util.stream.Collectors.toMap;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeyUseOnNode;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SecurityAssociationStatus;
import io.ipsecxdp.crds.TunnelReport;
import io.ipsecxdp.operator.compile.ClusterNode;
import io.ipsecxdp.operator.compile.ClusterSnapshot;
import io.ipsecxdp.operator.compile.Compilation;
import io.ipsecxdp.operator.compile.Declared;
import io.ipsecxdp.operator.compile.Finding;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.compile.Report;
import io.ipsecxdp.operator.compile.StatusParts;
import io.ipsecxdp.operator.compile.TunnelFigures;
import io.ipsecxdp.operator.compile.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Rolls up what the agents report into the statuses of what users declared. */
public final class RollUp {
    private final ClusterSnapshot snapshot;
    private final Compilation compilation;
    private final Expectations expectations;

    private RollUp(ClusterSnapshot snapshot, Compilation compilation) {
        this.snapshot = snapshot;
        this.compilation = compilation;
        this.expectations = new Expectations(compilation.slices());
    }

    /**
     * The statuses as they must be.
     *
     * @param present the statuses as they are: a transition time stays as long as the condition's status does
     */
    public static SortedMap<ObjectKey, DeclaredStatus> rollUp(
            ClusterSnapshot snapshot, Compilation compilation, Map<ObjectKey, DeclaredStatus> present) {
        var rollUp = new RollUp(snapshot, compilation);
        return new TreeMap<>(snapshot.declared()
                .all()
                .collect(toMap(
                        Declared::key,
                        declared -> rollUp.statusOf(declared, Optional.ofNullable(present.get(declared.key()))))));
    }

    private DeclaredStatus statusOf(Declared<?> declared, Optional<DeclaredStatus> present) {
        var verdict = compilation.verdicts().get(declared.key());
        var states = verdict.nodes().stream()
                .map(node -> stateOn(node, declared, verdict))
                .toList();
        var summary = new Summary(
                states,
                verdict.findings().stream()
                        .filter(finding -> finding.node().isEmpty())
                        .toList(),
                expectations.isPlanned(declared.key(), declared.uid()));
        var conditions = new ReadinessConditions(
                        present.map(DeclaredStatus::conditions).orElse(List.of()),
                        declared.generation(),
                        snapshot.now())
                .of(summary.outcome());
        return declared.key()
                .kind()
                .status(new StatusParts(
                        declared.generation(),
                        verdict.ends(),
                        verdict.nodes().size(),
                        summary.ready(),
                        summary.failed().size(),
                        summary.failingNodes(),
                        conditions,
                        keyUses(declared, verdict, present),
                        Optional.ofNullable(compilation.keyHolders().get(declared.key())),
                        figures(declared, verdict)));
    }

    /** Where keys of the object were used: what was remembered is never forgotten. */
    private List<KeyUseOnNode> keyUses(Declared<?> declared, Verdict verdict, Optional<DeclaredStatus> present) {
        var uses = new ArrayList<>(present.filter(SecurityAssociationStatus.class::isInstance)
                .map(SecurityAssociationStatus.class::cast)
                .map(SecurityAssociationStatus::keyUsedOn)
                .orElse(List.of()));
        for (String node : verdict.nodes()) {
            boolean reported = snapshot.reports().of(node, declared.key()).stream()
                    .anyMatch(report -> report.uid().equals(declared.uid()) && report.keyUsed());
            if (reported && uses.stream().noneMatch(use -> use.node().equals(node))) {
                uses.add(new KeyUseOnNode(
                        node,
                        snapshot.nodes().stream()
                                .filter(known -> known.name().equals(node))
                                .map(ClusterNode::uid)
                                .findFirst()
                                .orElse(null)));
            }
        }
        return uses;
    }

    private Optional<TunnelFigures> figures(Declared<?> declared, Verdict verdict) {
        return Optional.ofNullable(compilation.members().pairs().get(declared.key()))
                .map(pairs -> {
                    var reports = verdict.nodes().stream()
                            .filter(snapshot.aliveAgents()::contains)
                            .flatMap(node -> snapshot.tunnels().report(node, declared.uid()).stream())
                            .toList();
                    // Each pair is reported by both of its nodes
                    long there = reports.stream().mapToLong(TunnelReport::pairs).sum() / 2;
                    return new TunnelFigures(
                            Math.min(there, pairs) + "/" + pairs,
                            reports.stream()
                                    .map(TunnelReport::oldestKey)
                                    .filter(Objects::nonNull)
                                    .min(Comparator.naturalOrder()),
                            reports.stream()
                                    .map(TunnelReport::mtu)
                                    .filter(Objects::nonNull)
                                    .min(Comparator.naturalOrder()));
                });
    }

    private ObjectOnNode stateOn(String node, Declared<?> declared, Verdict verdict) {
        var findings = verdict.findings().stream()
                .filter(finding -> finding.node().equals(Optional.of(node)))
                .toList();
        if (!findings.isEmpty()) {
            return ofFinding(node, findings.getFirst());
        }
        var held = verdict.waits().stream()
                .filter(wait -> wait.node().equals(node))
                .findFirst();
        var expected = expectations.of(node, declared.key(), declared.uid(), declared.generation());
        if (expected.isEmpty()) {
            return held.<ObjectOnNode>map(wait -> new ObjectOnNode.Held(node, wait.message()))
                    .orElseGet(() -> new ObjectOnNode.NotPlanned(node));
        }
        if (!snapshot.aliveAgents().contains(node)) {
            return new ObjectOnNode.Silent(
                    node,
                    Reason.AgentNotReporting,
                    "its agent does not renew its Lease: check the ipsec-xdp-agent pod there, and the node itself");
        }
        var reports = snapshot.reports().of(node, declared.key()).stream()
                .filter(report -> report.uid().equals(declared.uid())
                        && report.generation() == declared.generation()
                        && expected.containsKey(report.entry()))
                .toList();
        Optional<Report> failed = reports.stream()
                .filter(report -> report.state() == EntryState.Failed)
                .findFirst();
        if (failed.isPresent()) {
            return new ObjectOnNode.Failed(
                    node, failed.get().reason(), failed.get().message());
        }
        Optional<Report> blind = reports.stream()
                .filter(report -> report.reason().equals(Reason.AgentFailing.name()))
                .findFirst();
        if (blind.isPresent()) {
            return new ObjectOnNode.Silent(
                    node, Reason.AgentFailing, blind.get().message());
        }
        if (held.isPresent()) {
            return new ObjectOnNode.Held(node, held.get().message());
        }
        var installed = reports.stream()
                .filter(report -> report.isInstalled() && report.of().equals(expected.get(report.entry())))
                .toList();
        if (installed.stream().map(Report::entry).distinct().count() < expected.size()) {
            return new ObjectOnNode.Waiting(node);
        }
        return installed.stream()
                .filter(report -> !report.reason().equals(Reason.Installed.name()))
                .findFirst()
                .<ObjectOnNode>map(report -> new ObjectOnNode.Impaired(node, report.reason(), report.message()))
                .orElseGet(() -> new ObjectOnNode.InForce(node));
    }

    private static ObjectOnNode ofFinding(String node, Finding finding) {
        return finding.reason() == Reason.AgentNotReporting
                ? new ObjectOnNode.Silent(node, finding.reason(), finding.message())
                : new ObjectOnNode.Failed(node, finding.reason().name(), finding.message());
    }

    /** The Ready condition of a status, if it has one. */
    public static Optional<Condition> ready(DeclaredStatus status) {
        return Condition.of(Condition.READY, status.conditions());
    }
}
