package io.ipsecxdp.bpf.jna;

import com.sun.jna.Native;
import com.sun.jna.Pointer;

/**
 * Direct mapping of libxdp 1.x (xdp/libxdp.h). Functions that return int answer with a negative error number; of a pointer
 * {@link #libxdp_get_error} tells whether it is an error.
 */
final class Libxdp {
    static {
        Native.register(Libxdp.class, "libxdp.so.1");
        libxdp_set_print(LibbpfLog.CAPTURE);
    }

    private Libxdp() {}

    static native Pointer libxdp_set_print(Libbpf.PrintFunction function);

    static native long libxdp_get_error(Pointer pointer);

    static native Pointer xdp_program__from_bpf_obj(Pointer object, String section);

    static native Pointer xdp_program__from_fd(int fd);

    static native void xdp_program__close(Pointer program);

    static native int xdp_program__set_run_prio(Pointer program, int priority);

    static native int xdp_program__attach(Pointer program, int ifindex, int mode, int flags);

    static native int xdp_program__detach(Pointer program, int ifindex, int mode, int flags);
}
