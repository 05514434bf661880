package io.ipsecxdp.xfrm;

import java.net.InetAddress;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** SAs and policies as a kernel shows them that nothing has used yet. */
public final class AsObserved {
    private AsObserved() {}

    /** An SA that this kernel has installed. */
    public static ObservedSa sa(Sa sa, XfrmCapabilities kernel, Instant added) {
        KernelSa installed = KernelSa.of(sa, kernel);
        return new ObservedSa(
                sa.id(),
                sa.source(),
                installed.direction(),
                sa.mode(),
                Optional.of(sa.algorithms()),
                sa.reqid(),
                new ReplayState(installed.replayWindow(), 0, 0),
                installed.ownerCpu(),
                installed.options(),
                unused(added),
                ObservedSa.Errors.NONE,
                Set.of());
    }

    /** An SA that the kernel waits for. */
    public static ObservedSa larval(SaId id, InetAddress source, long reqid) {
        return new ObservedSa(
                id,
                source,
                Optional.empty(),
                Mode.TUNNEL,
                Optional.empty(),
                reqid,
                new ReplayState(0, 0, 0),
                OptionalInt.empty(),
                SaOptions.NONE,
                unused(Instant.EPOCH),
                ObservedSa.Errors.NONE,
                Set.of());
    }

    /** @param index the kernel's number of the policy */
    public static ObservedPolicy policy(Policy policy, long index, Instant added) {
        return new ObservedPolicy(
                policy.id(),
                policy.priority(),
                policy.action(),
                policy.templates(),
                index,
                PolicyFlag.bits(policy.flags()),
                policy.offload(),
                Lifetime.INFINITE,
                unused(added));
    }

    private static LifetimeCounters unused(Instant added) {
        return new LifetimeCounters(0, 0, added, Optional.empty());
    }
}
