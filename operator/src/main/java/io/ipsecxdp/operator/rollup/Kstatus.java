package io.ipsecxdp.operator.rollup;

import io.ipsecxdp.crds.Reason;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What those who wait for an object, as Flux and kpt do by kstatus, make of it: they go on, wait, or give up. */
enum Kstatus {
    /** In force. */
    CURRENT,
    /** Not in force, and nobody has to do anything about the object or its nodes: the condition Reconciling. */
    IN_PROGRESS,
    /** Not in force, and it stays so until a person does something: the condition Stalled. */
    FAILED;

    /**
     * What ends without a person: a step of another node, an agent that starts again or is upgraded, a Secret that is applied
     * after what names it, an API server that is away.
     */
    private static final Set<Reason> PASSES = EnumSet.of(
            Reason.Installing,
            Reason.WaitsForPeer,
            Reason.StillBeingRemoved,
            Reason.AgentNotReporting,
            Reason.KeyMissing,
            Reason.KeyUnreadable);

    /** Of what is not in force for these reasons; one that is not known, as a later agent may have, needs a person. */
    static Kstatus ofWhatIsNotInForce(Stream<String> reasons) {
        return reasons.allMatch(reason -> known(reason).filter(PASSES::contains).isPresent()) ? IN_PROGRESS : FAILED;
    }

    private static Optional<Reason> known(String name) {
        return Stream.of(Reason.values())
                .filter(reason -> reason.name().equals(name))
                .findFirst();
    }
}
