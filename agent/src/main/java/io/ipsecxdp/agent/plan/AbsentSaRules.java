package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.RuleChain.rule;
import static io.ipsecxdp.agent.plan.SaFacts.REMEDY;

import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.KeyLedger.Allowed;
import io.ipsecxdp.agent.ledger.KeyLedger.AtRisk;
import io.ipsecxdp.agent.ledger.KeyLedger.Exhausted;
import io.ipsecxdp.agent.ledger.KeyLedger.Taken;
import io.ipsecxdp.agent.ledger.KeyLedger.Verdict;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.agent.plan.Action.InstallSa;
import io.ipsecxdp.agent.plan.Action.ReadKey;
import io.ipsecxdp.crds.Reason;
import java.util.List;
import java.util.Optional;

/** What to do about a wanted SA whose place in the SAD is empty. */
final class AbsentSaRules {

    /** An SA that the kernel does not have. */
    record AbsentSa(SaFacts facts, DesiredSa wanted) {

        private KeyView key() {
            return facts.now().key(wanted);
        }

        private Optional<Verdict> verdict() {
            return facts.inSecret(wanted).map(key -> facts.verdict(wanted, key));
        }

        private Optional<Long> goesOnAfter() {
            return verdict()
                    .flatMap(verdict -> verdict instanceof Allowed(long last) ? Optional.of(last) : Optional.empty());
        }

        private Optional<KeyUse> takenBy() {
            return verdict()
                    .flatMap(verdict -> verdict instanceof Taken(KeyUse by) ? Optional.of(by) : Optional.empty());
        }
    }

    static final RuleChain<AbsentSa> CHAIN = new RuleChain<>(List.of(
            rule("DuplicateSpi", AbsentSaRules::duplicateSpi),
            rule("LostOfTunnel", AbsentSaRules::lostOfTunnel),
            rule("Expired", AbsentSaRules::expired),
            rule("Unsupported", AbsentSaRules::unsupported),
            rule("ForeignInTheWay", AbsentSaRules::foreignInTheWay),
            rule("WaitsForPredecessor", AbsentSaRules::waitsForPredecessor),
            rule("RefusedByKernel", AbsentSaRules::refusedByKernel),
            rule("KeyNotRead", AbsentSaRules::keyNotRead),
            rule("KeyUnavailable", AbsentSaRules::keyUnavailable),
            rule("CountedByDevice", AbsentSaRules::countedByDevice),
            rule("WaitsForLastSequenceNumber", AbsentSaRules::waitsForLastSequenceNumber),
            rule("NonceAtRisk", AbsentSaRules::nonceAtRisk),
            rule("ReplayAtRisk", AbsentSaRules::replayAtRisk),
            rule("SequenceNumbersSpent", AbsentSaRules::sequenceNumbersSpent),
            rule("DeclaredAnewWithItsKey", AbsentSaRules::declaredAnewWithItsKey),
            rule("KeyReused", AbsentSaRules::keyReused),
            rule("KeyNotAtHand", AbsentSaRules::keyNotAtHand),
            rule("Install", AbsentSaRules::install)));

    private AbsentSaRules() {}

    private static Optional<Decision> duplicateSpi(AbsentSa absent) {
        return duplicateSpi(absent.facts(), absent.wanted());
    }

    /** Another object has the identity already; the kernel keeps one SA of it. */
    static Optional<Decision> duplicateSpi(SaFacts facts, DesiredSa wanted) {
        DesiredSa claimant = facts.claimant(wanted);
        return claimant.origin().equals(wanted.origin())
                ? Optional.empty()
                : failed(
                        Reason.DuplicateSpi,
                        "The SecurityAssociation %s has the same destination and SPI; choose another SPI."
                                .formatted(claimant.name()));
    }

    /** New keys cost a tunnel nothing, so none is installed a second time, whatever is known of how far it came. */
    private static Optional<Decision> lostOfTunnel(AbsentSa absent) {
        return absent.wanted().key() instanceof KeySource.Derived
                        && absent.facts().now().ledger().hasUsed(absent.wanted().origin())
                ? Optional.of(pending("The kernel has lost it. Its key is not used again: the nodes agree new ones."))
                : Optional.empty();
    }

    private static Optional<Decision> expired(AbsentSa absent) {
        return absent.facts().now().ledger().hasExpired(absent.wanted().origin())
                ? failed(
                        Reason.Expired,
                        "It came to the hard limit of its lifetime, and the kernel deleted it; it is never installed"
                                + " again. "
                                + REMEDY)
                : Optional.empty();
    }

    private static Optional<Decision> unsupported(AbsentSa absent) {
        return absent.facts().lack(absent.wanted()).flatMap(lack -> failed(Reason.Unsupported, lack));
    }

    private static Optional<Decision> foreignInTheWay(AbsentSa absent) {
        return absent.facts().inTheWay(absent.wanted()).map(PresentSaRules::foreign);
    }

    /** Two SAs of one object would send with one key. */
    private static Optional<Decision> waitsForPredecessor(AbsentSa absent) {
        return absent.facts()
                .live(absent.wanted())
                .map(elsewhere ->
                        pending("Waits until the SA that it replaces, %s, is removed.".formatted(elsewhere.id())));
    }

    private static Optional<Decision> refusedByKernel(AbsentSa absent) {
        return absent.facts().now().refusal(absent.wanted());
    }

    private static Optional<Decision> keyNotRead(AbsentSa absent) {
        return switch (absent.key()) {
            case KeyView.NotRead() -> Optional.of(pending("Its key is being read.", new ReadKey(absent.wanted())));
            case KeyView.Reading() -> Optional.of(pending("Its key is being read."));
            default -> Optional.empty();
        };
    }

    private static Optional<Decision> keyUnavailable(AbsentSa absent) {
        return absent.key() instanceof KeyView.Unavailable(Reason reason, String message)
                ? failed(reason, message)
                : Optional.empty();
    }

    private static Optional<Decision> countedByDevice(AbsentSa absent) {
        return absent.verdict()
                .filter(verdict -> verdict instanceof AtRisk && absent.wanted().isCountedByDevice())
                .flatMap(verdict -> failed(
                        absent.wanted().atRisk(),
                        ("The key in %s was used by this SA before, and how far only the device knows"
                                        + " that numbers its packets: %s. "
                                        + REMEDY)
                                .formatted(
                                        absent.wanted().key(), absent.wanted().risk())));
    }

    /** Its deletion is under way: with the number that the kernel tells, the SA can go on. */
    private static Optional<Decision> waitsForLastSequenceNumber(AbsentSa absent) {
        return absent.verdict()
                .filter(verdict -> verdict instanceof AtRisk && absent.facts().kernelMayStillTell(absent.wanted()))
                .map(verdict ->
                        pending("Waits for the kernel to tell the last sequence number of the SA that was deleted."));
    }

    private static Optional<Decision> nonceAtRisk(AbsentSa absent) {
        return absent.wanted().outbound() ? atRisk(absent) : Optional.empty();
    }

    /** It would take all that was recorded of its traffic. */
    private static Optional<Decision> replayAtRisk(AbsentSa absent) {
        return absent.wanted().outbound() ? Optional.empty() : atRisk(absent);
    }

    private static Optional<Decision> atRisk(AbsentSa absent) {
        DesiredSa wanted = absent.wanted();
        return absent.verdict()
                .filter(AtRisk.class::isInstance)
                .map(verdict -> new Decision(
                        EntryStatus.failed(
                                wanted.atRisk(),
                                ("The key in %s was used by this SA before, and how far is not known (the"
                                                + " node was booted anew, or the SAD was flushed): %s. "
                                                + REMEDY)
                                        .formatted(wanted.key(), wanted.risk())),
                        absent.facts().inSecret(wanted).stream()
                                .flatMap(key -> absent.facts().claim(wanted, key).stream())
                                .toList()));
    }

    private static Optional<Decision> sequenceNumbersSpent(AbsentSa absent) {
        return absent.verdict()
                .filter(Exhausted.class::isInstance)
                .flatMap(verdict -> failed(
                        absent.wanted().atRisk(),
                        ("The key in %s has too few sequence numbers left. " + REMEDY)
                                .formatted(absent.wanted().key())));
    }

    /** Deleted and applied again: another object, to which the same key is still given. */
    private static Optional<Decision> declaredAnewWithItsKey(AbsentSa absent) {
        DesiredSa wanted = absent.wanted();
        return absent.takenBy()
                .filter(by -> wanted.isSequenced()
                        && !by.origin().uid().equals(wanted.origin().uid())
                        && by.name().equals(wanted.name())
                        && by.direction() == wanted.sa().direction())
                .flatMap(by -> failed(
                        wanted.atRisk(),
                        ("The key in %s was used on this node by a former SecurityAssociation of this name: %s. "
                                        + REMEDY)
                                .formatted(wanted.key(), wanted.risk())));
    }

    private static Optional<Decision> keyReused(AbsentSa absent) {
        DesiredSa wanted = absent.wanted();
        return absent.takenBy()
                .flatMap(by -> failed(
                        Reason.KeyReused,
                        "The key in %s has the same bytes as one that %s used on this node. Put a new key there that nothing else uses."
                                .formatted(
                                        wanted.key(),
                                        by.origin().equals(wanted.origin())
                                                ? "this SecurityAssociation in the other direction"
                                                : "the SecurityAssociation " + by.name())));
    }

    /** The key was judged by its fingerprint; its bytes are wiped by now. */
    private static Optional<Decision> keyNotAtHand(AbsentSa absent) {
        return absent.key() instanceof KeyView.Read(KeyFingerprint key, boolean atHand) && !atHand
                ? Optional.of(pending("Its key is being read.", new ReadKey(absent.wanted())))
                : Optional.empty();
    }

    private static Optional<Decision> install(AbsentSa absent) {
        return absent.facts()
                .inSecret(absent.wanted())
                .flatMap(key -> absent.goesOnAfter()
                        .map(last -> pending("It is being installed.", new InstallSa(absent.wanted(), key, last))));
    }

    private static Decision pending(String message, Action... actions) {
        return new Decision(EntryStatus.pending(message), List.of(actions));
    }

    private static Optional<Decision> failed(Reason reason, String message) {
        return Optional.of(Decision.of(EntryStatus.failed(reason, message)));
    }
}
