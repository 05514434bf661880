package io.ipsecxdp.operator.compile;

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
sealed interface Claim {
    /** The kernel's identity of an SA, source ignored (net/xfrm/xfrm_state.c, __xfrm_state_locate); all are ESP. */
    record Spi(String destination, long spi) implements Claim {}

    /** A key serves one SA: two would use a nonce twice (RFC 4106, section 8.1). */
    record Key(KeySecretRef ref) implements Claim {}

    /** The kernel's identity of a policy, priority not included (net/xfrm/xfrm_policy.c, xfrm_policy_insert). */
    record SelectorOnNode(
            String node,
            PolicyDirection direction,
            PlannedSelector selector,
            Optional<String> interfaceName,
            Optional<Mark> mark,
            Optional<Long> interfaceId)
            implements Claim {}

    static List<Claim> of(Placed placed) {
        return switch (placed.entry()) {
            case Entry.Sa(PlannedSa sa) ->
                List.of(
                        new Spi(sa.destination(), sa.spi()),
                        new Key(sa.encryption().keySecretRef()));
            case Entry.Policy(PlannedPolicy policy) ->
                List.of(new SelectorOnNode(
                        placed.node(),
                        policy.direction(),
                        policy.selector(),
                        policy.onlyInterface(),
                        policy.lookupMark(),
                        policy.xfrmInterface()));
            case Entry.Steering ignored -> throw new IllegalArgumentException("steering claims interfaces one by one");
        };
    }

    /** What to tell the object that did not get it. */
    default Finding takenBy(ObjectKey holder) {
        return switch (this) {
            case Spi(String destination, long spi) ->
                Finding.of(
                        Reason.DuplicateSpi,
                        "%s already has spi %d to destination %s: declare this SA with another spi"
                                .formatted(holder, spi, destination));
            case Key(KeySecretRef ref) ->
                Finding.of(
                        Reason.KeyUsedTwice,
                        "%s already uses the key %s: give this SA a key of its own".formatted(holder, ref));
            case SelectorOnNode on ->
                Finding.of(
                        Reason.DuplicateSelector,
                        "%s already has the selector %s for direction %s on node %s: change one of them, or delete one; the priority does not tell them apart"
                                .formatted(holder, on.selector(), on.direction(), on.node()));
        };
    }
}
