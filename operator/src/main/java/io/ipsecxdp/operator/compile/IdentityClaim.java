package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.IpsecProtocol;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.Mark;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSelector;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Reason;
import java.util.List;
import java.util.Optional;

/** What only one object can have. */
sealed interface IdentityClaim {
    /**
     * The kernel's identity of an SA, source ignored (net/xfrm/xfrm_state.c, __xfrm_state_locate).
     *
     * @param mark of the SA; without one, and with one that overlaps, an SA takes the identity of the other
     */
    record Spi(String destination, IpsecProtocol protocol, long spi, Optional<Mark> mark) implements IdentityClaim {}

    /** A key serves one SA: two would use a nonce twice (RFC 4106, section 8.1). */
    record Key(KeySecretRef ref) implements IdentityClaim {}

    /** The kernel's identity of a policy, priority not included (net/xfrm/xfrm_policy.c, xfrm_policy_insert). */
    record SelectorOnNode(Flow flow, Optional<Mark> mark) implements IdentityClaim {}

    /** A place in the order of the policies of one flow: of two in one place the kernel takes the one that came first. */
    record PriorityOnNode(Flow flow, int priority, Optional<Mark> mark) implements IdentityClaim {}

    /** What policies are compared by, their marks and priorities apart. */
    record Flow(
            String node,
            PolicyDirection direction,
            PlannedSelector selector,
            Optional<String> interfaceName,
            Optional<Long> interfaceId) {

        static Flow of(String node, PlannedPolicy policy) {
            return new Flow(
                    node, policy.direction(), policy.selector(), policy.onlyInterface(), policy.xfrmInterface());
        }
    }

    static List<IdentityClaim> of(Placed placed) {
        return switch (placed.entry()) {
            case Entry.Sa(PlannedSa sa) ->
                List.of(
                        new Spi(
                                sa.destination(),
                                sa.terms().ipsecProtocol(),
                                sa.spi(),
                                sa.terms().lookupMark()),
                        new Key(sa.encryption().keySecretRef()));
            case Entry.Policy(PlannedPolicy policy) -> {
                var flow = Flow.of(placed.node(), policy);
                yield List.of(
                        new SelectorOnNode(flow, policy.lookupMark()),
                        new PriorityOnNode(flow, policy.priority(), policy.lookupMark()));
            }
            case Entry.Steering ignored -> throw new IllegalArgumentException("steering claims interfaces one by one");
            case Entry.OfTunnel ignored ->
                throw new IllegalArgumentException("a tunnel claims its traffic pair by pair");
        };
    }

    /** Claims that differ in this do not exclude each other. */
    default Object place() {
        return switch (this) {
            case Spi(String destination, IpsecProtocol protocol, long spi, Optional<Mark> mark) ->
                new Spi(destination, protocol, spi, Optional.empty());
            case Key key -> key;
            case SelectorOnNode selector -> selector;
            case PriorityOnNode(Flow flow, int priority, Optional<Mark> mark) ->
                new PriorityOnNode(flow, priority, Optional.empty());
        };
    }

    /** Whether two objects cannot have this claim and {@code other}, which is of the same place. */
    default boolean excludes(IdentityClaim other) {
        return switch (this) {
            case Spi spi -> other instanceof Spi there && sameIdentity(spi.mark(), there.mark());
            case Key key -> true;
            case SelectorOnNode selector -> true;
            case PriorityOnNode priority ->
                other instanceof PriorityOnNode there
                        && !priority.mark().equals(there.mark())
                        && overlap(priority.mark(), there.mark());
        };
    }

    /** Whether the claim is part of what the kernel knows the object by. */
    default boolean isIdentity() {
        return !(this instanceof PriorityOnNode);
    }

    /** Whichever of the two the kernel gets first, the other finds it in its place or not; it must not depend on that. */
    private static boolean sameIdentity(Optional<Mark> one, Optional<Mark> other) {
        return finds(one, other) || finds(other, one);
    }

    /** net/xfrm/xfrm_state.c, __xfrm_state_lookup: the mark of the new one, under the mask of the one that is there. */
    private static boolean finds(Optional<Mark> added, Optional<Mark> there) {
        return (value(added) & mask(there)) == value(there);
    }

    /** Whether a packet can have a mark that both take. */
    private static boolean overlap(Optional<Mark> one, Optional<Mark> other) {
        return (value(one) & mask(other)) == (value(other) & mask(one));
    }

    private static long value(Optional<Mark> mark) {
        return mark.map(Mark::value).orElse(0L);
    }

    private static long mask(Optional<Mark> mark) {
        return mark.map(Mark::mask).orElse(0L);
    }

    /** What to tell the object that did not get it. */
    default Finding takenBy(ObjectKey holder) {
        return switch (this) {
            case Spi(String destination, IpsecProtocol protocol, long spi, Optional<Mark> mark) ->
                Finding.of(
                        Reason.DuplicateSpi,
                        "%s already has %s spi %d to destination %s%s: declare this SA with another spi"
                                .formatted(
                                        holder,
                                        protocol,
                                        spi,
                                        destination,
                                        mark.isPresent() ? ", with a mark that overlaps or none" : ""));
            case Key(KeySecretRef ref) ->
                Finding.of(
                        Reason.KeyUsedTwice,
                        "%s already uses the key %s: give this SA a key of its own".formatted(holder, ref));
            case SelectorOnNode(Flow flow, Optional<Mark> mark) ->
                Finding.of(
                        Reason.DuplicateSelector,
                        "%s already has the selector %s for direction %s on node %s: change one of them, or delete one; the priority does not tell them apart"
                                .formatted(holder, flow.selector(), flow.direction(), flow.node()));
            case PriorityOnNode(Flow flow, int priority, Optional<Mark> mark) ->
                Finding.of(
                        Reason.PriorityTaken,
                        "%s already has the selector %s with priority %d for direction %s on node %s, and takes packets with the same marks: give one of them another priority"
                                .formatted(holder, flow.selector(), priority, flow.direction(), flow.node()));
        };
    }
}
