package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.RuleChain.rule;

import io.ipsecxdp.agent.plan.Action.InstallPolicy;
import io.ipsecxdp.crds.EntryState;
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

    /** What follows "waits until". */
    static final String API_SERVER_UNKNOWN =
            " it is known where all API servers are, because its selector may cover the way there: the EndpointSlice"
                    + " default/kubernetes does not exist or cannot be read. Make it readable, or narrow the selector to"
                    + " one address or another port.";

    static final RuleChain<AbsentPolicy> CHAIN = new RuleChain<>(List.of(
            rule("CoversApiServer", AbsentPolicyRules::coversApiServer),
            rule("ApiServerUnknown", AbsentPolicyRules::apiServerUnknown),
            rule("DuplicateSelector", AbsentPolicyRules::duplicateSelector),
            rule("RefusedByKernel", AbsentPolicyRules::refusedByKernel),
            rule("WaitsForBypass", AbsentPolicyRules::waitsForBypass),
            rule("WaitsForSa", AbsentPolicyRules::waitsForSa),
            rule("WaitsForSaThatFailed", AbsentPolicyRules::waitsForSaThatFailed),
            rule("Install", AbsentPolicyRules::install)));

    private AbsentPolicyRules() {}

    private static Optional<Decision> coversApiServer(AbsentPolicy absent) {
        return absent.facts()
                .cutOff(absent.wanted())
                .map(sentence -> Decision.of(EntryStatus.failed(Reason.CoversApiServer, sentence)));
    }

    private static Optional<Decision> apiServerUnknown(AbsentPolicy absent) {
        return absent.facts().mayCutOff(absent.wanted().policy())
                ? Optional.of(Decision.of(new EntryStatus(
                        EntryState.Pending, Reason.CoversApiServer, "Waits until" + API_SERVER_UNKNOWN)))
                : Optional.empty();
    }

    private static Optional<Decision> waitsForBypass(AbsentPolicy absent) {
        return absent.facts().closed(absent.wanted()).map(endpoint -> waits(waitsForBypass(endpoint)));
    }

    static String waitsForBypass(ApiServerWay.Endpoint endpoint) {
        return "Waits for the bypass that keeps the way to the API server open, %s.".formatted(endpoint);
    }

    private static Optional<Decision> duplicateSelector(AbsentPolicy absent) {
        return duplicateSelector(absent.facts(), absent.wanted());
    }

    static Optional<Decision> duplicateSelector(PolicyFacts facts, DesiredPolicy wanted) {
        return facts.claimant(wanted)
                .filter(claimant -> !claimant.origin().equals(wanted.origin()))
                .map(claimant -> Decision.of(EntryStatus.failed(
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
