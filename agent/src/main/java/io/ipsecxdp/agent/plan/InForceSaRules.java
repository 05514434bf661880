package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.RuleChain.rule;
import static io.ipsecxdp.agent.plan.SaFacts.REMEDY;

import io.ipsecxdp.agent.plan.Action.ReadKey;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What to say of an SA of ours that is as it was declared. It is left as it is. */
final class InForceSaRules {

    static final RuleChain<OurSa> CHAIN = new RuleChain<>(List.of(
            rule("KeyChanged", InForceSaRules::keyChanged),
            rule("SequenceExhausted", InForceSaRules::sequenceExhausted),
            rule("SoftExpired", InForceSaRules::softExpired),
            rule("OffloadIsOff", InForceSaRules::offloadIsOff),
            rule("OwnerIgnored", InForceSaRules::ownerIgnored),
            rule("InForce", InForceSaRules::inForce)));

    private InForceSaRules() {}

    /** With what is to be found out and written down about its key. */
    static Decision decide(OurSa sa) {
        Decision decision = CHAIN.decide(sa);
        List<Action> actions = new ArrayList<>(decision.actions());
        // What two nodes agreed does not change
        if (sa.wanted().key() instanceof KeySource.InSecret
                && sa.facts().now().key(sa.wanted()) instanceof KeyView.NotRead) {
            actions.add(new ReadKey(sa.wanted()));
        }
        if (sa.owned().key().isEmpty()) {
            sa.facts()
                    .inSecret(sa.wanted())
                    .flatMap(key -> sa.facts().claim(sa.wanted(), key))
                    .ifPresent(actions::add);
        }
        return sa.written(new Decision(decision.status(), actions));
    }

    private static Optional<Decision> keyChanged(OurSa sa) {
        return sa.keyChanged()
                ? installed(
                        Reason.KeyChanged,
                        "In force with the key that it was installed with; %s has another one by now. Put the old one back, or make a new SecurityAssociation for the new one."
                                .formatted(sa.wanted().key()))
                : Optional.empty();
    }

    private static Optional<Decision> sequenceExhausted(OurSa sa) {
        return sa.wanted().outbound()
                        && !sa.there().options().isCountedByDevice()
                        && sa.there().sequenceIsExhausted()
                ? Optional.of(Decision.of(EntryStatus.failed(
                        Reason.SequenceExhausted,
                        "Its last sequence number was sent: it sends nothing any more. " + REMEDY)))
                : Optional.empty();
    }

    private static Optional<Decision> softExpired(OurSa sa) {
        return sa.there()
                .softLimit(sa.facts().now().at())
                .flatMap(limit -> installed(
                        Reason.SoftExpired,
                        "In force, and beyond the soft limit of its lifetime in %s: it goes on until the hard one. "
                                        .formatted(limit)
                                + REMEDY));
    }

    private static Optional<Decision> offloadIsOff(OurSa sa) {
        return sa.wanted()
                .sa()
                .options()
                .offload()
                .filter(offload -> sa.there().options().offload().isEmpty())
                .flatMap(offload -> installed(
                        Reason.Unsupported,
                        "In force, and the kernel does the cryptography: interface %d does not (esp-hw-offload of 'ethtool -k' is off). Declare a new SecurityAssociation without offload, or with another device."
                                .formatted(offload.interfaceIndex())));
    }

    private static Optional<Decision> ownerIgnored(OurSa sa) {
        return ownerIgnored(sa.facts(), sa.wanted()).map(Decision::of);
    }

    private static Optional<Decision> inForce(OurSa sa) {
        return Optional.of(Decision.of(EntryStatus.installed("In force.")));
    }

    /** Of an SA that is only known to be as it was declared. */
    static EntryStatus plainly(SaFacts facts, DesiredSa wanted) {
        return ownerIgnored(facts, wanted).orElseGet(() -> EntryStatus.installed("In force."));
    }

    private static Optional<EntryStatus> ownerIgnored(SaFacts facts, DesiredSa wanted) {
        boolean ignored = wanted.sa().ownerCpu().isPresent()
                && !facts.now().facts().capabilities().perCpuSa();
        if (!ignored) {
            return Optional.empty();
        }
        return Optional.of(EntryStatus.installed(
                wanted.outbound()
                        ? "In force without its owner CPU, because this kernel has no SAs with an owner: it"
                                + " serves all CPUs."
                        : "In force without its owner CPU, because this kernel has no SAs with an owner: only"
                                + " steering brings its packets there."));
    }

    private static Optional<Decision> installed(Reason reason, String message) {
        return Optional.of(Decision.of(new EntryStatus(EntryState.Installed, reason, message)));
    }
}
