package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.linux.Errno;

/** What came of attaching the program to an interface in one mode. */
sealed interface AttachResult {
    record Made(OpenResult.Opened opened) implements AttachResult {}

    record Failed(BpfException error) implements AttachResult {
        /**
         * Another program is there, or on the bond above (net/core/dev.c dev_xdp_attach): generic mode is no way around
         * it.
         */
        boolean isTaken() {
            return error.errno().equals(Errno.EBUSY) || error.errno().equals(Errno.EEXIST);
        }
    }

    /** The kernel gives no more than the number: bpf(2) has no extended acknowledgement. */
    static String nativeRefusal(BpfException e) {
        return e.errno().equals(Errno.EOPNOTSUPP)
                ? "the driver has no native XDP"
                : "the driver refuses native XDP with " + e.errno().describe()
                        + ", often because of the MTU, of LRO or of too few queues; its kernel log may say more";
    }
}
