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
         * one. What somebody else put there is not. A template whose level alone changes asks for no other SAs: when a
         * receiver begins to require them, the operator has seen that the sender uses them.
         */
        private List<SaNeed> newNeeds() {
            if (!isToBeReplaced()) {
                return List.of();
            }
            return SaNeed.of(wanted.policy())
                    .filter(need -> there.templates().stream().noneMatch(need.template()::asksForSameSas))
                    .toList();
        }

        /** The user changed it. */
        private boolean isToBeReplaced() {
            return !same && !changedByOthers();
        }

        private boolean changedByOthers() {
            return !same && facts.isChangedByOthers(wanted);
        }

        /** The decision to leave it, with what was not known when it was installed written down. */
        private Decision written(EntryStatus status) {
            return owned().filter(seen()::equals).isPresent()
                    ? Decision.of(status)
                    : Decision.of(status, new Write(new OwnPolicy(seen())));
        }

        private Optional<OwnedPolicy> owned() {
            return facts.owned(wanted);
        }
    }

    private static final String STAYS = "The policy as it was before its change stays in force. ";

    static final RuleChain<PresentPolicy> CHAIN = new RuleChain<>(List.of(
            rule("DuplicateSelector", PresentPolicyRules::duplicateSelector),
            rule("AdoptedAsReported", PresentPolicyRules::adoptedAsReported),
            rule("AdoptedAsOfTunnel", PresentPolicyRules::adoptedAsOfTunnel),
            rule("Foreign", PresentPolicyRules::foreign),
            rule("RefusedByKernel", PresentPolicyRules::refusedByKernel),
            rule("CoversApiServer", PresentPolicyRules::coversApiServer),
            rule("ApiServerUnknown", PresentPolicyRules::apiServerUnknown),
            rule("WaitsForBypass", PresentPolicyRules::waitsForBypass),
            rule("WaitsForSa", PresentPolicyRules::waitsForSa),
            rule("WaitsForSaThatFailed", PresentPolicyRules::waitsForSaThatFailed),
            rule("WaitsForSaThatNobodyDeclared", PresentPolicyRules::waitsForSaThatNobodyDeclared),
            rule("Replace", PresentPolicyRules::replace),
            rule("InForce", PresentPolicyRules::inForce)));

    private PresentPolicyRules() {}

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

    /** With the state folder lost, that of a tunnel is known by its reqid. Its level is changed once it is ours. */
    private static Optional<Decision> adoptedAsOfTunnel(PresentPolicy present) {
        return present.owned().isEmpty() && present.wanted().isOfSameTunnel(present.there())
                ? Optional.of(Decision.of(status(present), new Write(new OwnPolicy(present.seen()))))
                : Optional.empty();
    }

    private static Optional<Decision> foreign(PresentPolicy present) {
        ObservedPolicy there = present.there();
        boolean ours = present.owned()
                .filter(owned -> present.facts().now().history().isOurs(owned, there))
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

    /** What protects is not taken away, whatever else becomes of it. */
    private static Optional<Decision> coversApiServer(PresentPolicy present) {
        if (present.changedByOthers()) {
            return Optional.empty();
        }
        return present.facts()
                .cutOff(present.wanted())
                .map(sentence -> present.same()
                        ? present.written(new EntryStatus(
                                EntryState.Installed, Reason.CoversApiServer, "In force, and stays so. " + sentence))
                        : Decision.of(EntryStatus.failed(Reason.CoversApiServer, STAYS + sentence)));
    }

    private static Optional<Decision> apiServerUnknown(PresentPolicy present) {
        PolicyFacts facts = present.facts();
        boolean more = present.isToBeReplaced()
                && facts.mayCutOff(present.wanted().policy())
                && !facts.mayCutOff(ApiServerBypasses.asPolicy(present.there()));
        return more
                ? Optional.of(Decision.of(new EntryStatus(
                        EntryState.Pending,
                        Reason.CoversApiServer,
                        STAYS + "The changed one waits until" + AbsentPolicyRules.API_SERVER_UNKNOWN)))
                : Optional.empty();
    }

    private static Optional<Decision> waitsForBypass(PresentPolicy present) {
        return present.isToBeReplaced()
                ? present.facts()
                        .closed(present.wanted())
                        .map(endpoint -> stays(AbsentPolicyRules.waitsForBypass(endpoint)))
                : Optional.empty();
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
        return Decision.of(EntryStatus.pending(STAYS + why));
    }

    private static Optional<Decision> replace(PresentPolicy present) {
        return present.same()
                ? Optional.empty()
                : Optional.of(
                        Decision.of(EntryStatus.pending("It is being replaced."), new ReplacePolicy(present.wanted())));
    }

    private static Optional<Decision> inForce(PresentPolicy present) {
        return Optional.of(present.written(status(present)));
    }

    private static EntryStatus status(PresentPolicy present) {
        return present.facts()
                .missing(present.wanted())
                .map(missing -> new EntryStatus(
                        EntryState.Installed,
                        Reason.NoSecurityAssociation,
                        missing.sentence(present.facts().now())))
                .or(() -> present.facts()
                        .covered(present.wanted())
                        .map(endpoint -> EntryStatus.installed(
                                "In force, but for the way to the API server, %s: a bypass of the agent keeps it open."
                                        .formatted(endpoint))))
                .orElseGet(() -> EntryStatus.installed("In force."));
    }
}
