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

    private static KnownSa known(ObservedSa sa, OptionalInt planned) {
        return new KnownSa(
                sa.id().destination(),
                (int) sa.id().spi(),
                sa.id().protocol().number(),
                sa.ownerCpu().isPresent() ? sa.ownerCpu() : planned);
    }
}
