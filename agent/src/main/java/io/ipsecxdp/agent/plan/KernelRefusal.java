package io.ipsecxdp.agent.plan;

import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.ObservedSa;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What it means that the kernel refused an entry. */
public final class KernelRefusal {

    private static final Set<Errno> LACKS =
            Set.of(Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.EPROTONOSUPPORT, Errno.ENOPROTOOPT, Errno.EAFNOSUPPORT);

    /** What passes by itself, or with the machine. */
    private static final Set<Errno> TROUBLE =
            Set.of(Errno.EINTR, Errno.EAGAIN, Errno.ENOMEM, Errno.EBUSY, Errno.EIO, Errno.ETIMEDOUT, Errno.ENOBUFS);

    private static final String OFFLOAD =
            "Name a device that has it (esp-hw-offload of 'ethtool -k DEVICE' is on), or declare it without offload.";

    /**
     * What to do where the kernel says this.
     *
     * @param words of its extended acknowledgement, in lower case
     */
    private record Remedy(String words, String sentence) {}

    /** From net/xfrm/xfrm_user.c, xfrm_state.c, xfrm_replay.c, xfrm_device.c, esp4.c, esp6.c, ah4.c and ah6.c; the first that fits. */
    private static final List<Remedy> REMEDIES = List.of(
            new Remedy(
                    "algorithm not found",
                    "Load the kernel's module of the algorithm on this node, or declare an SA with another algorithm."),
            new Remedy("type not found", "Load the modules esp4 and esp6, for AH ah4 and ah6, on this node."),
            new Remedy("mode not found", "Declare it with mode Tunnel or Transport."),
            new Remedy("unsupported mode", "Declare it with mode Tunnel or Transport."),
            new Remedy(
                    "truncated icv",
                    "Declare an SA with an integrity algorithm whose ICV this kernel has, such as AUTH_HMAC_SHA2_256_128."),
            new Remedy(
                    "cryptographic operations",
                    "The algorithm's module is missing, or the kernel is in FIPS mode and does not allow it: declare an SA with "
                            + "another algorithm."),
            new Remedy("icv", "Declare an SA with an algorithm whose ICV this kernel has."),
            new Remedy("cpu", "Declare the SA with a CPU that this node has, or without cpu."),
            new Remedy("tfc padding", "Declare the SA in mode Tunnel, or without tfcPadding."),
            new Remedy("offload", OFFLOAD),
            new Remedy("optional template", "Declare the policy with level: Required, or in mode Transport."),
            new Remedy(
                    "family",
                    "Declare it with ends and prefixes of one address family, or in mode Tunnel, which takes both."),
            new Remedy("encapsulation", "Declare the SA without udpEncapsulation, or in mode Tunnel or Transport."),
            new Remedy("replay window", "Declare the SA with another replayWindow."),
            new Remedy("esn", "Declare the SA with esn: false."),
            new Remedy("should not be set for", "Declare the SA without the settings of tunnelHeader and icmpErrors."));

    private KernelRefusal() {}

    /** Whether the kernel certainly did not do it: an answer that was lost says nothing. */
    public static boolean isCertain(KernelError error) {
        return !error.errno().equals(Errno.ENOBUFS);
    }

    /** The kernel has an SA of somebody else in the place of a wanted one, or shows that one in its place. */
    public static EntryStatus foreign(ObservedSa there) {
        return EntryStatus.failed(
                Reason.ForeignEntry,
                "The kernel has an SA in this place that is not ours (%s); it is left alone. Remove it, or choose another SPI."
                        .formatted(there.description()));
    }

    public static EntryStatus of(DesiredEntry entry, KernelError error, KernelInfo facts) {
        if (error.exists()) {
            return EntryStatus.failed(
                    Reason.ForeignEntry,
                    "The kernel has an entry in this place that is not ours; it is left alone: %s.".formatted(error));
        }
        if (entry instanceof DesiredSa sa && sa.sa().ownerCpu().isPresent()) {
            int cpu = sa.sa().ownerCpu().getAsInt();
            if (!facts.cpus().cpus().contains(cpu)) {
                return EntryStatus.failed(
                        Reason.CpuNotOnNode,
                        "This node has no CPU %d; it has %s. The kernel says: %s.".formatted(cpu, facts.cpus(), error));
            }
        }
        if (LACKS.contains(error.errno())) {
            return EntryStatus.failed(
                    Reason.Unsupported, "This kernel cannot do it: %s. %s".formatted(error, remedy(entry, error)));
        }
        return EntryStatus.failed(
                Reason.KernelRefused, "The kernel refused: %s. %s".formatted(error, remedy(entry, error)));
    }

    private static String remedy(DesiredEntry entry, KernelError error) {
        String words = error.reason().orElse("").toLowerCase(Locale.ROOT);
        return REMEDIES.stream()
                .filter(remedy -> words.contains(remedy.words()))
                .map(Remedy::sentence)
                .findFirst()
                // Of a device that cannot do it, or is gone, older kernels say nothing
                .or(() -> Optional.of(OFFLOAD).filter(sentence -> words.isEmpty() && isOffloaded(entry)))
                .orElseGet(() -> withoutWords(error.errno()));
    }

    private static boolean isOffloaded(DesiredEntry entry) {
        return switch (entry) {
            case DesiredSa sa -> sa.sa().options().offload().isPresent();
            case DesiredPolicy policy -> policy.policy().offload().isPresent();
        };
    }

    private static String withoutWords(Errno errno) {
        if (TROUBLE.contains(errno)) {
            return "It is tried again.";
        }
        if (errno.equals(Errno.EPERM) || errno.equals(Errno.EACCES)) {
            return "Give the agent's pod CAP_NET_ADMIN, and look into the audit log for a security module that denied it; "
                    + "it is tried again.";
        }
        return "It is tried again; should it stay so, declare it with less (options, algorithm) until this kernel takes it.";
    }
}
