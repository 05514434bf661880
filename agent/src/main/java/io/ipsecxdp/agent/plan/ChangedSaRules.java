package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.RuleChain.rule;
import static io.ipsecxdp.agent.plan.SaFacts.REMEDY;

import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.plan.Action.InstallSa;
import io.ipsecxdp.agent.plan.Action.ReadKey;
import io.ipsecxdp.agent.plan.Action.RemoveSa;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.Difference;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What to do about an SA of ours that somebody changed. Only a new one has all properties again; it is made when its key
 * is there, and where it sends or refuses replays when the kernel has told how far the old one came.
 */
final class ChangedSaRules {

    static final RuleChain<OurSa> CHAIN = new RuleChain<>(List.of(
            rule("KeyUnknown", ChangedSaRules::keyUnknown),
            rule("CountedByDevice", ChangedSaRules::countedByDevice),
            rule("KeyChanged", ChangedSaRules::keyChanged),
            rule("KeyUnavailable", ChangedSaRules::keyUnavailable),
            rule("KeyBeingRead", ChangedSaRules::keyBeingRead),
            rule("KeyNotAtHand", ChangedSaRules::keyNotAtHand),
            rule("RemoveFirst", ChangedSaRules::removeFirst),
            rule("MakeAgain", ChangedSaRules::makeAgain)));

    private ChangedSaRules() {}

    static Decision decide(OurSa sa) {
        return sa.written(CHAIN.decide(sa));
    }

    private static String what(OurSa sa) {
        return "Somebody changed the SA in the kernel: "
                + sa.differences().stream().map(Difference::toString).collect(Collectors.joining(", ")) + ".";
    }

    /** It was adopted, and has a key that nobody could compare. */
    private static Optional<Decision> keyUnknown(OurSa sa) {
        return sa.wanted().isSequenced() && sa.owned().key().isEmpty()
                ? failed(
                        sa,
                        sa.wanted().atRisk(),
                        "It cannot be made again, because the kernel does not show which key it has. " + REMEDY)
                : Optional.empty();
    }

    /** Once it is deleted, nobody knows where a new one would have to go on. */
    private static Optional<Decision> countedByDevice(OurSa sa) {
        boolean unknown = sa.wanted().isSequenced()
                && (sa.wanted().isCountedByDevice() || sa.there().options().isCountedByDevice());
        return unknown
                ? failed(
                        sa,
                        sa.wanted().atRisk(),
                        "It cannot be made again, because only the device knows its last sequence number. " + REMEDY)
                : Optional.empty();
    }

    private static Optional<Decision> keyChanged(OurSa sa) {
        return sa.keyChanged()
                ? failed(
                        sa,
                        Reason.KeyChanged,
                        "It cannot be made again, because %s has another key by now."
                                .formatted(sa.wanted().key()))
                : Optional.empty();
    }

    private static Optional<Decision> keyUnavailable(OurSa sa) {
        return key(sa) instanceof KeyView.Unavailable(Reason reason, String message)
                ? failed(sa, reason, "It cannot be made again: " + message)
                : Optional.empty();
    }

    private static Optional<Decision> keyBeingRead(OurSa sa) {
        return key(sa) instanceof KeyView.Reading ? pending(sa) : Optional.empty();
    }

    private static Optional<Decision> keyNotAtHand(OurSa sa) {
        return key(sa) instanceof KeyView.Read(KeyFingerprint key, boolean atHand) && atHand
                ? Optional.empty()
                : pending(sa, new ReadKey(sa.wanted()));
    }

    /** The kernel tells how far it came once it is deleted. */
    private static Optional<Decision> removeFirst(OurSa sa) {
        return sa.wanted().isSequenced() ? pending(sa, new RemoveSa(sa.owned())) : Optional.empty();
    }

    private static Optional<Decision> makeAgain(OurSa sa) {
        return sa.facts()
                .inSecret(sa.wanted())
                .flatMap(key -> pending(sa, new RemoveSa(sa.owned()), new InstallSa(sa.wanted(), key, 0)));
    }

    private static KeyView key(OurSa sa) {
        return sa.facts().now().key(sa.wanted());
    }

    private static Optional<Decision> pending(OurSa sa, Action... actions) {
        return Optional.of(Decision.of(EntryStatus.pending(what(sa)), actions));
    }

    private static Optional<Decision> failed(OurSa sa, Reason reason, String why) {
        return Optional.of(Decision.of(EntryStatus.failed(reason, what(sa) + " " + why)));
    }
}
