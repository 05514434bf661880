package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedEntry;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.PlannedTunnel;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** An entry of a node's plan. */
public sealed interface Entry {
    Key key();

    PlannedEntry planned();

    default String uid() {
        return planned().uid();
    }

    default long generation() {
        return planned().generation();
    }

    /** What is reported one by one: one thing, but for the interfaces of a steering. */
    default List<String> parts() {
        return List.of(key().part());
    }

    /** What a report must be about to be about this entry, uid and generation apart. */
    default Acknowledgement acknowledgement() {
        return Acknowledgement.NOTHING;
    }

    /**
     * Which entry of the node. The uid is no part of it: an object that is deleted and declared again under its name
     * takes its own place, in one write.
     *
     * @param child which of several entries of one object; empty for what is declared one by one
     * @param part tells entries of one object on one node apart
     */
    record Key(ObjectKey object, String child, String part) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            return Comparator.comparing(Key::object)
                    .thenComparing(Key::child)
                    .thenComparing(Key::part)
                    .compare(this, other);
        }
    }

    record Sa(PlannedSa planned) implements Entry {
        @Override
        public Key key() {
            return new Key(
                    new ObjectKey(DeclaredKind.SECURITY_ASSOCIATION, planned.name()),
                    planned.childName().orElse(""),
                    "");
        }

        @Override
        public Acknowledgement acknowledgement() {
            return new Acknowledgement.OfSa(planned.spi(), planned.source(), planned.destination());
        }
    }

    record Policy(PlannedPolicy planned) implements Entry {
        @Override
        public Key key() {
            return new Key(
                    new ObjectKey(DeclaredKind.SECURITY_POLICY, planned.name()),
                    planned.childName().orElse(""),
                    planned.direction().name());
        }

        @Override
        public Acknowledgement acknowledgement() {
            return new Acknowledgement.OfPolicy(
                    planned.selectorSource(),
                    planned.selectorDestination(),
                    planned.protection(),
                    planned.formerProtection());
        }
    }

    record Steering(PlannedSteering planned) implements Entry {
        @Override
        public Key key() {
            return new Key(new ObjectKey(DeclaredKind.STEERING_POLICY, planned.name()), "", "");
        }

        @Override
        public List<String> parts() {
            return planned.interfaces();
        }
    }

    record OfTunnel(PlannedTunnel planned) implements Entry {
        @Override
        public Key key() {
            return new Key(new ObjectKey(DeclaredKind.TUNNEL, planned.name()), "", "");
        }
    }

    /** The entries of a plan. */
    static List<Entry> of(NodePlanSpec plan) {
        return DeclaredKind.ALL.stream()
                .<Entry>flatMap(kind -> kind.entries(plan))
                .toList();
    }

    /** The addresses that the entry was planned with, as far as it tells. */
    default Optional<EndAddresses> addresses() {
        return switch (this) {
            case Sa(PlannedSa sa) -> addresses(sa.source(), sa.destination());
            case Policy(PlannedPolicy policy) ->
                policy.protection().flatMap(template -> addresses(template.source(), template.destination()));
            case Steering ignored -> Optional.empty();
            case OfTunnel ignored -> Optional.empty();
        };
    }

    private static Optional<EndAddresses> addresses(String source, String destination) {
        return IpAddress.parse(source)
                .flatMap(from -> IpAddress.parse(destination).map(to -> new EndAddresses(from, to)));
    }
}
