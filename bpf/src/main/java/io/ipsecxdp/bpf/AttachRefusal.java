package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.BpfException;

/**
 * Why a wish could not be fulfilled.
 *
 * @param message a sentence that names what to change
 * @param log what the verifier said, empty unless it was asked; many lines
 */
public record AttachRefusal(Reason reason, String message, String log) {
    public enum Reason {
        /** The folder for pins is not on a BPF file system. */
        NO_BPFFS,
        /** A CPU that this machine can never have. */
        NO_SUCH_CPU,
        /** The interface vanished. */
        NO_SUCH_DEVICE,
        /** Native mode was demanded, and the driver refuses. */
        NATIVE_REFUSED,
        /** Others' programs share the interface in another mode than the one wanted. */
        SHARED_IN_OTHER_MODE,
        /** The program is a component of a dispatcher, which this agent may not change. */
        DISPATCHER_NEEDED,
        /** The kernel refuses to load or attach the program, also in generic mode. */
        KERNEL_REFUSED
    }

    AttachRefusal(Reason reason, String message) {
        this(reason, message, "");
    }

    static AttachRefusal of(BpfException e) {
        return new AttachRefusal(Reason.KERNEL_REFUSED, e.getMessage(), e.log());
    }

    static AttachRefusal ofAttach(WantedXdpMode wanted, BpfException e) {
        return wanted == WantedXdpMode.NATIVE
                ? new AttachRefusal(Reason.NATIVE_REFUSED, AttachResult.nativeRefusal(e), e.log())
                : of(e);
    }
}
