package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.xfrm.Errno;
import io.ipsecxdp.agent.xfrm.KernelError;
import io.ipsecxdp.crds.Reason;
import java.util.Set;

/** What it means that the kernel refused an entry. */
public final class Refusal {

    private static final Set<Errno> LACKS =
            Set.of(Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.EPROTONOSUPPORT, Errno.ENOPROTOOPT, Errno.EAFNOSUPPORT);

    private Refusal() {}

    /** Whether the kernel certainly did not do it: an answer that was lost says nothing. */
    public static boolean isCertain(KernelError error) {
        return !error.errno().equals(Errno.ENOBUFS);
    }

    public static Standing of(DesiredEntry entry, KernelError error, Facts facts) {
        if (error.exists()) {
            return Standing.failed(
                    Reason.ForeignEntry,
                    "The kernel has an entry in this place that is not ours; it is left alone: %s.".formatted(error));
        }
        if (entry instanceof DesiredSa sa && sa.sa().ownerCpu().isPresent()) {
            int cpu = sa.sa().ownerCpu().getAsInt();
            if (!facts.cpus().cpus().contains(cpu)) {
                return Standing.failed(
                        Reason.CpuNotOnNode,
                        "This node has no CPU %d; it has %s. The kernel says: %s.".formatted(cpu, facts.cpus(), error));
            }
        }
        if (LACKS.contains(error.errno())) {
            return Standing.failed(Reason.Unsupported, "This kernel cannot do it: %s.".formatted(error));
        }
        return Standing.failed(Reason.KernelRefused, "The kernel refused: %s.".formatted(error));
    }
}
