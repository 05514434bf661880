package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.RuleChain.rule;

import io.ipsecxdp.agent.plan.Action.InstallPolicy;
import io.ipsecxdp.crds.Reason;
import java.util.List;
import java.util.Optional;

/** What to do about a wanted policy whose place in the SPD is empty. */
final class AbsentPolicyRules {

    /** A policy that the kernel does not have. */
    record AbsentPolicy(PolicyFacts facts, DesiredPolicy wanted) {

        private List<SaNeed> needs() {
            return SaNeed.of(wanted.policy()).toList();
        }
    }

    static final RuleChain<AbsentPolicy> CHAIN = new RuleChain<>(List.of(
            rule("CoversApiServer", AbsentPolicyRules::coversApiServer),
            rule("DuplicateSelector", AbsentPolicyRules::duplicateSelector),
            rule("RefusedByKernel", AbsentPolicyRules::refusedByKernel),
            rule("WaitsForSa", AbsentPolicyRules::waitsForSa),
            rule("WaitsForSaThatFailed", AbsentPolicyRules::waitsForSaThatFailed),
            rule("Install", AbsentPolicyRules::install)));

    private AbsentPolicyRules() {}

    private static Optional<Decision> coversApiServer(AbsentPolicy absent) {
        return coversApiServer(absent.facts(), absent.wanted());
    }

    static Optional<Decision> coversApiServer(PolicyFacts facts, DesiredPolicy wanted) {
        return facts.covered(wanted)
                .map(endpoint -> Decision.of(EntryStatus.failed(
                        Reason.CoversApiServer,
                        "Its selector covers the way to the API server, %s: with it in force, nothing could be changed any more. Narrow the selector by addresses, protocol or port."
                                .formatted(endpoint))));
    }

    private static Optional<Decision> duplicateSelector(AbsentPolicy absent) {
        return duplicateSelector(absent.facts(), absent.wanted());
    }

    static Optional<Decision> duplicateSelector(PolicyFacts facts, DesiredPolicy wanted) {
        DesiredPolicy claimant = facts.claimant(wanted);
        return claimant.uid().equals(wanted.uid())
                ? Optional.empty()
                : Optional.of(Decision.of(EntryStatus.failed(
                        Reason.DuplicateSelector,
                        "The SecurityPolicy %s has the same selector and direction; the kernel keeps one of them."
                                .formatted(claimant.name()))));
    }

    private static Optional<Decision> refusedByKernel(AbsentPolicy absent) {
        return absent.facts().now().refusal(absent.wanted());
    }

    /** Before its SAs, a policy would drop what it is to protect. */
    private static Optional<Decision> waitsForSa(AbsentPolicy absent) {
        return absent.facts()
                .sas()
                .pending(absent.needs())
                .map(sa -> waits("Waits for the SecurityAssociation %s.".formatted(sa.name())));
    }

    /**
     * A flow that was never protected here goes on as it did, until it can be: a Secret that is not there yet is no
     * reason to lose its packets. What was protected once goes into force again without its SAs, as clear text would be
     * worse.
     */
    private static Optional<Decision> waitsForSaThatFailed(AbsentPolicy absent) {
        if (absent.facts().owned(absent.wanted()).isPresent()) {
            return Optional.empty();
        }
        NeededSas sas = absent.facts().sas();
        return sas.failedFromTheBeginning(absent.needs())
                .map(sa -> waits(
                        "Waits for the SecurityAssociation %s, which failed (%s): without it, the policy would discard the packets that it is to protect."
                                .formatted(sa.name(), sas.why(sa))));
    }

    private static Decision waits(String message) {
        return Decision.of(EntryStatus.pending(message));
    }

    private static Optional<Decision> install(AbsentPolicy absent) {
        return Optional.of(
                Decision.of(EntryStatus.pending("It is being installed."), new InstallPolicy(absent.wanted())));
    }
}
