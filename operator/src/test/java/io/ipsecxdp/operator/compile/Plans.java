package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import java.util.List;
import java.util.stream.Stream;

/** Questions that tests ask of a compilation. */
final class Plans {
    private Plans() {}

    static List<PlannedSa> sas(Compilation compilation, String node) {
        return of(compilation, node)
                .flatMap(plan -> plan.securityAssociations().stream())
                .toList();
    }

    static List<PlannedPolicy> policies(Compilation compilation, String node) {
        return of(compilation, node)
                .flatMap(plan -> plan.securityPolicies().stream())
                .toList();
    }

    static List<PlannedSteering> steering(Compilation compilation, String node) {
        return of(compilation, node).flatMap(plan -> plan.steering().stream()).toList();
    }

    /** "node: name" of every entry, sorted. */
    static List<String> entries(Compilation compilation) {
        return compilation.slices().stream()
                .flatMap(slice -> Entry.of(slice.spec()).stream()
                        .map(entry -> "%s: %s %s"
                                .formatted(
                                        slice.spec().node(),
                                        entry.key().object().name(),
                                        entry.key().part())
                                .strip()))
                .sorted()
                .toList();
    }

    static List<Finding> findings(Compilation compilation, ObjectKey object) {
        return compilation.verdicts().get(object).findings();
    }

    static List<Reason> reasons(Compilation compilation, ObjectKey object) {
        return findings(compilation, object).stream().map(Finding::reason).toList();
    }

    static String message(Compilation compilation, ObjectKey object) {
        return findings(compilation, object).getFirst().message();
    }

    private static Stream<NodePlanSpec> of(Compilation compilation, String node) {
        return compilation.slices().stream()
                .map(PlannedSlice::spec)
                .filter(plan -> plan.node().equals(node));
    }
}
