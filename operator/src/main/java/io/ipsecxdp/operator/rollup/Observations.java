package io.ipsecxdp.operator.rollup;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.operator.compile.Kind;
import io.ipsecxdp.operator.compile.ObjectKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the agents report of the entries of their plans.
 *
 * @param aliveAgents nodes whose agents renew their Leases
 */
public record Observations(Map<Subject, List<Report>> reports, Set<String> aliveAgents) {
    /** An object on a node. */
    public record Subject(String node, ObjectKey object) {}

    /**
     * A report, of whatever kind of entry.
     *
     * @param part tells reports about one object on one node apart: the direction of a policy, the interface of a
     *     steering
     */
    public record Report(String part, String uid, long generation, EntryState state, String reason, String message) {}

    /** The status of one NodePlan. */
    public record NodeStatus(String node, NodePlanStatus status) {
        /** What is read of it: counters, and what is for people, change without consequence. */
        public NodeStatus withoutCounters() {
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
                            null));
        }
    }

    /** Reads the statuses of all NodePlans. Counters are ignored. */
    public static Observations of(Collection<NodeStatus> statuses, Set<String> aliveAgents) {
        record Read(Subject subject, Report report) {}
        var read = new ArrayList<Read>();
        for (var status : statuses) {
            String node = status.node();
            status.status()
                    .securityAssociations()
                    .forEach(sa -> read.add(new Read(
                            new Subject(node, new ObjectKey(Kind.SECURITY_ASSOCIATION, sa.name())),
                            new Report("", sa.uid(), sa.generation(), sa.state(), sa.reason(), sa.message()))));
            status.status()
                    .securityPolicies()
                    .forEach(policy -> read.add(new Read(
                            new Subject(node, new ObjectKey(Kind.SECURITY_POLICY, policy.name())),
                            new Report(
                                    policy.direction().name(),
                                    policy.uid(),
                                    policy.generation(),
                                    policy.state(),
                                    policy.reason(),
                                    policy.message()))));
            status.status()
                    .steering()
                    .forEach(steering -> read.add(new Read(
                            new Subject(node, new ObjectKey(Kind.STEERING_POLICY, steering.name())),
                            new Report(
                                    steering.interfaceName(),
                                    steering.uid(),
                                    steering.generation(),
                                    steering.state(),
                                    steering.reason(),
                                    steering.message()))));
        }
        return new Observations(
                read.stream().collect(groupingBy(Read::subject, mapping(Read::report, toList()))),
                Set.copyOf(aliveAgents));
    }

    List<Report> of(String node, ObjectKey object) {
        return reports.getOrDefault(new Subject(node, object), List.of());
    }
}
