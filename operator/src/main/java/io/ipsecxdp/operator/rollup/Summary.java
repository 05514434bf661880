package io.ipsecxdp.operator.rollup;

import io.ipsecxdp.crds.Condition.Status;
import io.ipsecxdp.crds.FailingNode;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.operator.compile.Finding;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How an object does on all nodes together.
 *
 * @param states one for each node that the object is for, in the order of their names
 * @param findings those about the whole object
 * @param isPlanned whether a node has it in its plan, in whatever version
 */
record Summary(List<ObjectOnNode> states, List<Finding> findings, boolean isPlanned) {
    int ready() {
        return of(ObjectOnNode.InForce.class).size() + impaired().size();
    }

    List<ObjectOnNode.Impaired> impaired() {
        return of(ObjectOnNode.Impaired.class);
    }

    List<ObjectOnNode.Failed> failed() {
        return of(ObjectOnNode.Failed.class);
    }

    List<FailingNode> failingNodes() {
        return states.stream()
                .flatMap(state -> switch (state) {
                    case ObjectOnNode.Failed(String node, String reason, String message) ->
                        Stream.of(new FailingNode(node, reason, message));
                    case ObjectOnNode.Silent(String node, Reason reason, String message) ->
                        Stream.of(new FailingNode(node, reason.name(), message));
                    case ObjectOnNode.InForce inForce -> Stream.empty();
                    case ObjectOnNode.Impaired impaired -> Stream.empty();
                    case ObjectOnNode.Waiting waiting -> Stream.empty();
                    case ObjectOnNode.Held held -> Stream.empty();
                    case ObjectOnNode.NotPlanned notPlanned -> Stream.empty();
                })
                .limit(FailingNode.MAX_LISTED)
                .toList();
    }

    Readiness outcome() {
        var held = of(ObjectOnNode.Held.class);
        var silent = of(ObjectOnNode.Silent.class);
        if (!findings.isEmpty()) {
            return ofFindings();
        }
        if (!failed().isEmpty()) {
            return new Readiness(
                    Status.False,
                    Kstatus.ofWhatIsNotInForce(failed().stream().map(ObjectOnNode.Failed::reason)),
                    Status.True,
                    reasonOfFailures(),
                    messageOfFailures());
        }
        if (!held.isEmpty()) {
            return new Readiness(
                    Status.False,
                    Kstatus.IN_PROGRESS,
                    silent.isEmpty() ? Status.False : Status.Unknown,
                    Reason.WaitsForPeer.name(),
                    "node %s: %s"
                            .formatted(held.getFirst().node(), held.getFirst().message()));
        }
        if (!silent.isEmpty()) {
            return new Readiness(
                    Status.Unknown,
                    Kstatus.ofWhatIsNotInForce(
                            silent.stream().map(one -> one.reason().name())),
                    Status.Unknown,
                    silent.getFirst().reason().name(),
                    "node %s: %s%s"
                            .formatted(
                                    silent.getFirst().node(), silent.getFirst().message(), andMore(silent.size() - 1)));
        }
        if (states.isEmpty()) {
            return new Readiness(
                    Status.False,
                    Kstatus.FAILED,
                    Status.False,
                    Reason.NoNodeSelected.name(),
                    "no node has the labels that spec.nodeSelector asks for (kubectl get nodes --show-labels): nothing is steered");
        }
        if (ready() < states.size()) {
            return new Readiness(
                    Status.False,
                    Kstatus.IN_PROGRESS,
                    Status.False,
                    Reason.Installing.name(),
                    "in force on %d of %d nodes; waiting for the agent of node %s%s"
                            .formatted(
                                    ready(),
                                    states.size(),
                                    notReady().getFirst().node(),
                                    andMore(notReady().size() - 1)));
        }
        if (!impaired().isEmpty()) {
            var first = impaired().getFirst();
            return new Readiness(
                    Status.True,
                    Kstatus.CURRENT,
                    Status.True,
                    first.reason(),
                    "node %s: %s%s"
                            .formatted(
                                    first.node(),
                                    first.message(),
                                    andMore(impaired().size() - 1)));
        }
        return new Readiness(
                Status.True,
                Kstatus.CURRENT,
                Status.False,
                Reason.Installed.name(),
                states.size() == 1
                        ? "in force on node " + states.getFirst().node()
                        : "in force on all %d nodes".formatted(states.size()));
    }

    private Readiness ofFindings() {
        boolean passes = findings.stream().allMatch(finding -> finding.reason() == Reason.StillBeingRemoved);
        boolean intended = findings.stream().allMatch(finding -> finding.reason() == Reason.Paused);
        boolean unknown = findings.stream().allMatch(finding -> finding.reason() == Reason.AgentNotReporting);
        String kept = isPlanned ? "; what was planned before stays" : "";
        return new Readiness(
                unknown ? Status.Unknown : Status.False,
                Kstatus.ofWhatIsNotInForce(
                        findings.stream().map(finding -> finding.reason().name())),
                passes || intended ? Status.False : unknown ? Status.Unknown : Status.True,
                findings.getFirst().reason().name(),
                findings.stream().map(Finding::message).distinct().collect(Collectors.joining("; ")) + kept);
    }

    private String reasonOfFailures() {
        var reasons = failed().stream().map(ObjectOnNode.Failed::reason).collect(Collectors.toSet());
        return reasons.size() == 1 ? reasons.iterator().next() : Reason.PartlyInstalled.name();
    }

    private String messageOfFailures() {
        var first = failed().getFirst();
        return "node %s: %s%s".formatted(first.node(), first.message(), andMore(failed().size() - 1));
    }

    private static String andMore(int nodes) {
        return switch (nodes) {
            case 0 -> "";
            case 1 -> " (and 1 more node)";
            default -> " (and %d more nodes)".formatted(nodes);
        };
    }

    private List<ObjectOnNode> notReady() {
        return states.stream()
                .filter(state -> !(state instanceof ObjectOnNode.InForce || state instanceof ObjectOnNode.Impaired))
                .toList();
    }

    private <T extends ObjectOnNode> List<T> of(Class<T> type) {
        return states.stream().filter(type::isInstance).map(type::cast).toList();
    }
}
