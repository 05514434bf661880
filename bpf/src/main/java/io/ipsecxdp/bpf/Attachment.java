package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.bpf.jna.Errno;
import io.ipsecxdp.bpf.jna.Fd;
import java.util.Optional;

/** What came of attaching a program to an interface. */
sealed interface Attachment {
    /** The link is the receiver's to close, which detaches the program unless the link is pinned. */
    record Made(Fd link, AttachedMode mode, Optional<String> nativeRefused) implements Attachment {}

    record Failed(BpfException error) implements Attachment {}

    static Attachment make(Fd program, NetDevice device, XdpMode wanted) {
        return switch (wanted) {
            case NATIVE -> in(AttachedMode.NATIVE, program, device, Optional.empty());
            case GENERIC -> in(AttachedMode.GENERIC, program, device, Optional.empty());
            case AUTO ->
                switch (in(AttachedMode.NATIVE, program, device, Optional.empty())) {
                    case Made made -> made;
                    case Failed failed when isTaken(failed.error()) -> failed;
                    case Failed(var error) ->
                        in(AttachedMode.GENERIC, program, device, Optional.of(nativeRefusal(error)));
                };
        };
    }

    private static Attachment in(AttachedMode mode, Fd program, NetDevice device, Optional<String> nativeRefused) {
        try {
            return new Made(Bpf.attachXdp(program, device.index(), mode.flag()), mode, nativeRefused);
        } catch (BpfException e) {
            return new Failed(e);
        }
    }

    /** Another program is there, or on the bond above (net/core/dev.c dev_xdp_attach): generic mode is no way around it. */
    private static boolean isTaken(BpfException e) {
        return e.errno() == Errno.EBUSY || e.errno() == Errno.EEXIST;
    }

    /** The kernel gives no more than the number: bpf(2) has no extended acknowledgement. */
    static String nativeRefusal(BpfException e) {
        return e.errno() == Errno.EOPNOTSUPP
                ? "the driver has no native XDP"
                : "the driver refuses native XDP with " + Errno.describe(e.errno())
                        + ", often because of the MTU, of LRO or of too few queues; its kernel log may say more";
    }
}
