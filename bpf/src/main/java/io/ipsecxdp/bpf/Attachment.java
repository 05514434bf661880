package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.bpf.jna.Errno;

/** What came of attaching the program to an interface in one mode. */
sealed interface Attachment {
    record Made(OpenResult.Opened opened) implements Attachment {}

    record Failed(BpfException error) implements Attachment {
        /**
         * Another program is there, or on the bond above (net/core/dev.c dev_xdp_attach): generic mode is no way around
         * it.
         */
        boolean isTaken() {
            return error.errno() == Errno.EBUSY || error.errno() == Errno.EEXIST;
        }
    }

    /** The kernel gives no more than the number: bpf(2) has no extended acknowledgement. */
    static String nativeRefusal(BpfException e) {
        return e.errno() == Errno.EOPNOTSUPP
                ? "the driver has no native XDP"
                : "the driver refuses native XDP with " + Errno.describe(e.errno())
                        + ", often because of the MTU, of LRO or of too few queues; its kernel log may say more";
    }
}
