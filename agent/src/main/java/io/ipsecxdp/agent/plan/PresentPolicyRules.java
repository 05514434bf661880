package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.RuleChain.rule;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.JournalChange.OwnPolicy;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.plan.Action.ReplacePolicy;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.PolicyFlag;
import java.util.List;
import java.util.Optional;

/** What to do about a wanted policy whose place in the SPD is taken. */
final class PresentPolicyRules {

    /**
     * The policy that the kernel has in the place of a wanted one.
     *
     * @param same it is as it was declared
     */
    record PresentPolicy(PolicyFacts facts, PolicyKey key, DesiredPolicy wanted, ObservedPolicy there, boolean same) {

        static PresentPolicy of(PolicyFacts facts, PolicyKey key, DesiredPolicy wanted, ObservedPolicy there) {
            return new PresentPolicy(
                    facts,
                    key,
                    wanted,
                    there,
                    Differences.between(wanted.policy(), there).isEmpty());
        }

        private OwnedPolicy seen() {
            return wanted.owned(InstallTime.readBack(there.counters().added()));
        }

        /**
         * What the declared policy needs and the one in force does not: until it is there, the one in force is the better
         * one. What somebody else put there is not.
         */
        private List<SaNeed> newNeeds() {
            if (same || facts.isChangedByOthers(wanted)) {
                return List.of();
            }
            return SaNeed.of(wanted.policy())
                    .filter(need -> !there.templates().contains(need.template()))
                    .toList();
        }

        private Optional<OwnedPolicy> owned() {
            return facts.owned(wanted);
        }
    }

    static final RuleChain<PresentPolicy> CHAIN = new RuleChain<>(List.of(
            rule("CoversApiServer", PresentPolicyRules::coversApiServer),
            rule("DuplicateSelector", PresentPolicyRules::duplicateSelector),
            rule("AdoptedAsReported", PresentPolicyRules::adoptedAsReported),
            rule("Foreign", PresentPolicyRules::foreign),
            rule("RefusedByKernel", PresentPolicyRules::refusedByKernel),
            rule("WaitsForSa", PresentPolicyRules::waitsForSa),
            rule("WaitsForSaThatFailed", PresentPolicyRules::waitsForSaThatFailed),
            rule("WaitsForSaThatNobodyDeclared", PresentPolicyRules::waitsForSaThatNobodyDeclared),
            rule("Replace", PresentPolicyRules::replace),
            rule("InForce", PresentPolicyRules::inForce)));

    private PresentPolicyRules() {}

    private static Optional<Decision> coversApiServer(PresentPolicy present) {
        return AbsentPolicyRules.coversApiServer(present.facts(), present.wanted());
    }

    private static Optional<Decision> duplicateSelector(PresentPolicy present) {
        return AbsentPolicyRules.duplicateSelector(present.facts(), present.wanted());
    }

    /** With the state folder lost, what was reported as installed in this very boot is ours. */
    private static Optional<Decision> adoptedAsReported(PresentPolicy present) {
        boolean adoptable = present.owned().isEmpty()
                && present.same()
                && present.facts().isReportedInThisBoot(present.key(), present.wanted());
        return adoptable
                ? Optional.of(Decision.of(status(present), new Write(new OwnPolicy(present.seen()))))
                : Optional.empty();
    }

    private static Optional<Decision> foreign(PresentPolicy present) {
        ObservedPolicy there = present.there();
        boolean ours = present.owned()
                .filter(owned -> present.facts().now().witness().isOurs(owned, there))
                .isPresent();
        return ours
                ? Optional.empty()
                : Optional.of(Decision.of(EntryStatus.failed(
                        Reason.ForeignEntry,
                        "The kernel has a policy in this place that is not ours (%s, priority %d); it is left alone. Remove it, or choose another selector."
                                .formatted(there.id(), there.priority()))));
    }

    private static Optional<Decision> refusedByKernel(PresentPolicy present) {
        return present.same() ? Optional.empty() : present.facts().now().refusal(present.wanted());
    }

    private static Optional<Decision> waitsForSa(PresentPolicy present) {
        return present.facts()
                .sas()
                .pending(present.newNeeds())
                .map(sa -> stays("Waits for the SecurityAssociation %s.".formatted(sa.name())));
    }

    private static Optional<Decision> waitsForSaThatFailed(PresentPolicy present) {
        NeededSas sas = present.facts().sas();
        return sas.failed(present.newNeeds())
                .map(sa -> stays(
                        "Waits for the SecurityAssociation %s, which failed (%s): without it, the changed policy would discard the packets that it is to protect."
                                .formatted(sa.name(), sas.why(sa))));
    }

    /** An IKE daemon makes its SAs when the policy asks for them. */
    private static Optional<Decision> waitsForSaThatNobodyDeclared(PresentPolicy present) {
        if (present.wanted().policy().flags().contains(PolicyFlag.PER_CPU_ACQUIRE)) {
            return Optional.empty();
        }
        return present.facts()
                .sas()
                .undeclared(present.newNeeds())
                .map(need -> stays(
                        "Waits for an SA by %s, which this node does not have. Declare a SecurityAssociation with these ends, reqid and mode, or correct the SecurityPolicy."
                                .formatted(need)));
    }

    private static Decision stays(String why) {
        return Decision.of(EntryStatus.pending("The policy as it was before its change stays in force. " + why));
    }

    private static Optional<Decision> replace(PresentPolicy present) {
        return present.same()
                ? Optional.empty()
                : Optional.of(
                        Decision.of(EntryStatus.pending("It is being replaced."), new ReplacePolicy(present.wanted())));
    }

    private static Optional<Decision> inForce(PresentPolicy present) {
        EntryStatus status = status(present);
        boolean known = present.owned().filter(present.seen()::equals).isPresent();
        return Optional.of(known ? Decision.of(status) : Decision.of(status, new Write(new OwnPolicy(present.seen()))));
    }

    private static EntryStatus status(PresentPolicy present) {
        return present.facts()
                .missing(present.wanted())
                .map(missing -> new EntryStatus(
                        EntryState.Installed,
                        Reason.NoSecurityAssociation,
                        missing.sentence(present.facts().now())))
                .orElseGet(() -> EntryStatus.installed("In force."));
    }
}
