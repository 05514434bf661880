package io.ipsecxdp.operator.rollup;

import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.operator.compile.Kind;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.compile.PlannedSlice;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which reports must come from which node before an object is in force there. */
final class Expectations {
    private record Version(String node, ObjectKey object, String uid, long generation) {}

    private record Source(ObjectKey object, String uid) {}

    private final Map<Version, Set<String>> parts = new HashMap<>();
    private final Set<Source> planned = new HashSet<>();

    Expectations(Collection<PlannedSlice> slices) {
        for (var slice : slices) {
            String node = slice.spec().node();
            for (PlannedSa sa : slice.spec().securityAssociations()) {
                expect(
                        new Version(
                                node, new ObjectKey(Kind.SECURITY_ASSOCIATION, sa.name()), sa.uid(), sa.generation()),
                        "");
            }
            for (PlannedPolicy policy : slice.spec().securityPolicies()) {
                expect(
                        new Version(
                                node,
                                new ObjectKey(Kind.SECURITY_POLICY, policy.name()),
                                policy.uid(),
                                policy.generation()),
                        policy.direction().name());
            }
            for (PlannedSteering steering : slice.spec().steering()) {
                for (String interfaceName : steering.interfaces()) {
                    expect(
                            new Version(
                                    node,
                                    new ObjectKey(Kind.STEERING_POLICY, steering.name()),
                                    steering.uid(),
                                    steering.generation()),
                            interfaceName);
                }
            }
        }
    }

    /** The parts that {@code node} is planned to have of this version of an object; none if it is not planned there. */
    Set<String> of(String node, ObjectKey object, String uid, long generation) {
        return parts.getOrDefault(new Version(node, object, uid, generation), Set.of());
    }

    /** Whether any node is planned to have any version of an object. */
    boolean isPlanned(ObjectKey object, String uid) {
        return planned.contains(new Source(object, uid));
    }

    private void expect(Version version, String part) {
        parts.computeIfAbsent(version, none -> new TreeSet<>()).add(part);
        planned.add(new Source(version.object(), version.uid()));
    }
}
