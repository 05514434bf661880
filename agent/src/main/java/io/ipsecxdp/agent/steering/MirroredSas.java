package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.KnownSa;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** What the XDP program must be told of SAs, because it cannot ask the kernel. */
final class MirroredSas {
    private MirroredSas() {}

    /** Whether this kernel leaves something untold: which SAs there are, or who owns them. */
    static boolean isNeeded(Capabilities kernel) {
        return !kernel.saLookup() || !kernel.saOwner();
    }

    /**
     * Only SAs that are in the SAD, each with the owner that the kernel names, or else the plan.
     *
     * @return where the program finds SAs by itself those with an owner; elsewhere all, because others are unknown SPIs
     */
    static Set<KnownSa> of(Desired desired, Observed observed, Capabilities kernel) {
        Map<SaId, OptionalInt> planned = new HashMap<>();
        for (DesiredSa entry : desired.sas().values()) {
            Sa sa = entry.sa();
            if (sa.direction() == SaDir.IN) {
                planned.put(sa.id(), sa.ownerCpu());
            }
        }
        return observed.sas().values().stream()
                .map(sa -> known(sa, planned.getOrDefault(sa.id(), OptionalInt.empty())))
                .filter(sa -> sa.cpu().isPresent() || !kernel.saLookup())
                .collect(Collectors.toSet());
    }

    /**
     * What makes one set of SAs of another.
     *
     * @param removed none of them has the place of one that is added: such a one takes the place
     */
    record Difference(Set<KnownSa> added, Set<KnownSa> removed) {}

    static Difference difference(Set<KnownSa> before, Set<KnownSa> now) {
        Set<KnownSa> added = without(now, before);
        Set<KnownSa> places = added.stream().map(MirroredSas::place).collect(Collectors.toSet());
        Set<KnownSa> removed = without(before, now).stream()
                .filter(sa -> !places.contains(place(sa)))
                .collect(Collectors.toSet());
        return new Difference(added, removed);
    }

    private static Set<KnownSa> without(Set<KnownSa> some, Set<KnownSa> others) {
        return some.stream().filter(sa -> !others.contains(sa)).collect(Collectors.toSet());
    }

    private static KnownSa place(KnownSa sa) {
        return new KnownSa(sa.destination(), sa.spi(), sa.protocol(), OptionalInt.empty());
    }

    private static KnownSa known(ObservedSa sa, OptionalInt planned) {
        return new KnownSa(
                sa.id().destination(),
                (int) sa.id().spi(),
                sa.id().protocol().number(),
                sa.ownerCpu().isPresent() ? sa.ownerCpu() : planned);
    }
}
