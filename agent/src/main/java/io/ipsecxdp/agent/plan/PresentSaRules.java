package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.RuleChain.rule;

import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.plan.Action.AdoptSa;
import io.ipsecxdp.agent.plan.Action.ChangeLifetime;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.Difference;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.ObservedSa;
import java.util.List;
import java.util.Optional;

/** What to do about a wanted SA whose place in the SAD is taken: whose it is, and whether it is as it was declared. */
final class PresentSaRules {

    /**
     * The SA that the kernel has in the place of a wanted one.
     *
     * @param owned what the journal says of the place
     * @param differences between the wanted one and that one
     */
    record PresentSa(
            SaFacts facts, DesiredSa wanted, ObservedSa there, Optional<OwnedSa> owned, List<Difference> differences) {

        static PresentSa of(SaFacts facts, DesiredSa wanted, ObservedSa there) {
            return new PresentSa(
                    facts,
                    wanted,
                    there,
                    facts.owned(wanted),
                    Differences.between(wanted.sa(), there, facts.now().facts().capabilities()));
        }

        private Optional<OwnedSa> ofAnother() {
            return owned.filter(former -> !former.origin().equals(wanted.origin()));
        }

        private OurSa ours() {
            return new OurSa(facts, wanted, there, owned.orElseThrow(), differences);
        }
    }

    static final RuleChain<PresentSa> CHAIN = new RuleChain<>(List.of(
            rule("DuplicateSpi", PresentSaRules::duplicateSpi),
            rule("AdoptedAsReported", PresentSaRules::adoptedAsReported),
            rule("AdoptedAsAgreed", PresentSaRules::adoptedAsAgreed),
            rule("Foreign", PresentSaRules::foreign),
            rule("WaitsForFormer", PresentSaRules::waitsForFormer),
            rule("FormerWithoutPlan", PresentSaRules::formerWithoutPlan),
            rule("AsDeclared", PresentSaRules::asDeclared),
            rule("LifetimeRefused", PresentSaRules::lifetimeRefused),
            rule("LifetimeChanged", PresentSaRules::lifetimeChanged),
            rule("Changed", PresentSaRules::changed)));

    private PresentSaRules() {}

    private static Optional<Decision> duplicateSpi(PresentSa present) {
        return AbsentSaRules.duplicateSpi(present.facts(), present.wanted());
    }

    /** With the state folder lost, what was reported as installed in this very boot is ours. */
    private static Optional<Decision> adoptedAsReported(PresentSa present) {
        DesiredSa wanted = present.wanted();
        boolean adoptable = present.owned().isEmpty()
                && present.differences().isEmpty()
                && present.facts().reportedInThisBoot(wanted)
                && present.facts()
                        .report(wanted)
                        .filter(report -> report.state() == EntryState.Installed)
                        .isPresent();
        return adoptable
                ? Optional.of(Decision.of(
                        InForceSaRules.plainly(present.facts(), wanted),
                        new AdoptSa(wanted, present.there().counters().added())))
                : Optional.empty();
    }

    /** With the state folder lost, that of a tunnel is known by its SPI: nobody can derive it but this node and the other one. */
    private static Optional<Decision> adoptedAsAgreed(PresentSa present) {
        boolean adoptable = present.owned().isEmpty()
                && present.differences().isEmpty()
                && present.wanted().key() instanceof KeySource.Derived;
        return adoptable
                ? Optional.of(Decision.of(
                        InForceSaRules.plainly(present.facts(), present.wanted()),
                        new AdoptSa(present.wanted(), present.there().counters().added())))
                : Optional.empty();
    }

    private static Optional<Decision> foreign(PresentSa present) {
        boolean ours = present.owned()
                .filter(owned -> present.facts().now().history().isOurs(owned, present.there()))
                .isPresent();
        return ours ? Optional.empty() : Optional.of(foreign(present.there()));
    }

    static Decision foreign(ObservedSa there) {
        return Decision.of(KernelRefusal.foreign(there));
    }

    private static Optional<Decision> waitsForFormer(PresentSa present) {
        return present.ofAnother()
                .filter(former -> present.facts().now().desired().knows(former.slice()))
                .map(former -> Decision.of(EntryStatus.pending(
                        "Waits until the SA of the former SecurityAssociation %s in its place is removed."
                                .formatted(former.name()))));
    }

    /** A missing plan is no order to remove. */
    private static Optional<Decision> formerWithoutPlan(PresentSa present) {
        return present.ofAnother()
                .map(former -> Decision.of(EntryStatus.failed(
                        Reason.DuplicateSpi,
                        "The SA of the former SecurityAssociation %s is in this place, and the NodePlan %s that would order its removal is missing."
                                .formatted(former.name(), former.slice()))));
    }

    private static Optional<Decision> asDeclared(PresentSa present) {
        return present.differences().isEmpty() ? Optional.of(InForceSaRules.decide(present.ours())) : Optional.empty();
    }

    private static boolean lifetimeAlone(PresentSa present) {
        return present.differences().stream()
                .allMatch(difference -> difference.property().equals(Differences.LIFETIME));
    }

    private static Optional<Decision> lifetimeRefused(PresentSa present) {
        return lifetimeAlone(present) ? present.facts().now().refusal(present.wanted()) : Optional.empty();
    }

    /** The declared lifetime is another one by now, or somebody changed it in the kernel. */
    private static Optional<Decision> lifetimeChanged(PresentSa present) {
        return lifetimeAlone(present)
                ? Optional.of(present.ours()
                        .written(Decision.of(
                                EntryStatus.pending("Its lifetime is being changed."),
                                new ChangeLifetime(present.wanted()))))
                : Optional.empty();
    }

    private static Optional<Decision> changed(PresentSa present) {
        return Optional.of(ChangedSaRules.decide(present.ours()));
    }
}
