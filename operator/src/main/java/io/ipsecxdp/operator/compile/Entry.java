package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSteering;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** An entry of a node's plan. */
sealed interface Entry {
    Key key();

    String uid();

    /**
     * Which entry of the node. The uid is no part of it: an object that is deleted and declared again under its name
     * takes its own place, in one write.
     *
     * @param part tells entries of one object on one node apart
     */
    record Key(ObjectKey object, String part) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            return Comparator.comparing(Key::object).thenComparing(Key::part).compare(this, other);
        }
    }

    record Sa(PlannedSa planned) implements Entry {
        @Override
        public Key key() {
            return new Key(new ObjectKey(Kind.SECURITY_ASSOCIATION, planned.name()), "");
        }

        @Override
        public String uid() {
            return planned.uid();
        }
    }

    record Policy(PlannedPolicy planned) implements Entry {
        @Override
        public Key key() {
            return new Key(
                    new ObjectKey(Kind.SECURITY_POLICY, planned.name()),
                    planned.direction().name());
        }

        @Override
        public String uid() {
            return planned.uid();
        }
    }

    record Steering(PlannedSteering planned) implements Entry {
        @Override
        public Key key() {
            return new Key(new ObjectKey(Kind.STEERING_POLICY, planned.name()), "");
        }

        @Override
        public String uid() {
            return planned.uid();
        }
    }

    /** The entries of a plan. */
    static List<Entry> of(NodePlanSpec plan) {
        return Stream.of(
                        plan.securityAssociations().stream().map(Sa::new),
                        plan.securityPolicies().stream().map(Policy::new),
                        plan.steering().stream().map(Steering::new))
                .<Entry>flatMap(entries -> entries)
                .toList();
    }

    /** The addresses that the entry was planned with, as far as it tells. */
    default Optional<EndAddresses> addresses() {
        return switch (this) {
            case Sa(PlannedSa sa) -> addresses(sa.source(), sa.destination());
            case Policy(PlannedPolicy policy) ->
                policy.protection().flatMap(template -> addresses(template.source(), template.destination()));
            case Steering ignored -> Optional.empty();
        };
    }

    private static Optional<EndAddresses> addresses(String source, String destination) {
        return IpAddress.parse(source)
                .flatMap(from -> IpAddress.parse(destination).map(to -> new EndAddresses(from, to)));
    }
}
