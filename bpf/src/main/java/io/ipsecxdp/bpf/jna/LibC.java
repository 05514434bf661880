package io.ipsecxdp.bpf.jna;

import com.sun.jna.Native;
import com.sun.jna.Pointer;

/** The few functions of libc that go with libbpf. */
final class LibC {
    static {
        Native.register(LibC.class, "c");
    }

    private LibC() {}

    static native int close(int fd);

    static native int if_nametoindex(String name);

    static native Pointer if_indextoname(int index, Pointer name);

    static native int setenv(String name, String value, int overwrite);

    static native int clock_gettime(int clock, Pointer timespec);

    /** A {@code va_list} argument is a pointer in the ABIs of x86-64 and of arm64. */
    static native int vasprintf(Pointer result, Pointer format, Pointer vaList);

    static native void free(Pointer memory);
}
