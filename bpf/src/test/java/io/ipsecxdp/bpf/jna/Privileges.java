package io.ipsecxdp.bpf.jna;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.ipsecxdp.linux.Errno;

/** Capabilities of the calling thread (capabilities(7)). */
public final class Privileges {
    public static final int NET_ADMIN = 12;
    public static final int SYS_ADMIN = 21;
    public static final int PERFMON = 38;
    public static final int BPF = 39;

    private static final int VERSION_3 = 0x20080522;

    static {
        Native.register(Privileges.class, "c");
    }

    private Privileges() {}

    static native int capset(Pointer header, Pointer data);

    /** Gives up all others, for this thread and for good. */
    public static void keepOnly(int... capabilities) {
        long kept = 0;
        for (int capability : capabilities) {
            kept |= 1L << capability;
        }
        try (var header = new Memory(8);
                var data = new Memory(24)) {
            header.setInt(0, VERSION_3);
            header.setInt(4, 0);
            data.clear();
            for (int half = 0; half < 2; half++) {
                int bits = (int) (kept >>> (Integer.SIZE * half));
                data.setInt(12 * half, bits);
                data.setInt(12 * half + 4, bits);
            }
            if (capset(header, data) < 0) {
                throw new IllegalStateException("capset: " + new Errno(Native.getLastError()).describe());
            }
        }
    }
}
