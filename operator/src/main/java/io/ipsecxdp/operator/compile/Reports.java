package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.ipsecxdp.crds.NodePlanStatus;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What the agents report of the entries of their plans. */
public record Reports(Map<Subject, List<Report>> bySubject) {
    public static final Reports NONE = new Reports(Map.of());

    /** An object on a node. */
    public record Subject(String node, ObjectKey object) {}

    /** The status of one NodePlan. */
    public record NodeStatus(String node, NodePlanStatus status) {
        /** What is read of it: the sums over its entries are for people, and change without consequence. */
        public NodeStatus withoutSums() {
            return new NodeStatus(
                    node,
                    new NodePlanStatus(
                            null,
                            null,
                            null,
                            status.securityAssociations(),
                            status.securityPolicies(),
                            status.steering(),
                            null,
                            status.tunnels()));
        }
    }

    /** Reads the statuses of all NodePlans. */
    public static Reports of(Collection<NodeStatus> statuses) {
        record Read(String node, Report report) {
            Subject subject() {
                return new Subject(node, report.object());
            }
        }
        return new Reports(statuses.stream()
                .flatMap(status -> DeclaredKind.ALL.stream()
                        .flatMap(kind -> kind.reports(status.status()))
                        .map(report -> new Read(status.node(), report)))
                .collect(groupingBy(Read::subject, mapping(Read::report, toList()))));
    }

    public List<Report> of(String node, ObjectKey object) {
        return bySubject.getOrDefault(new Subject(node, object), List.of());
    }
}
