package io.ipsecxdp.bpf.jna;

import com.sun.jna.Pointer;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.LibC;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * libxdp puts several XDP programs on one interface: each replaces a function of its dispatcher (BPF_PROG_TYPE_EXT), which
 * calls one after the other. A change makes a new dispatcher, which takes the place of the old one in one step.
 */
public final class DispatcherLibrary {
    static final int PROG_TYPE_EXT = 28;

    /** enum xdp_attach_mode of xdp/libxdp.h. Without one nothing can be taken out of a dispatcher in generic mode. */
    static final int MODE_NATIVE = 1;

    static final int MODE_GENERIC = 2;

    /** The BTF of the kernel is the first. */
    private static final int ANY_BTF = 1;

    private DispatcherLibrary() {}

    /**
     * Makes libxdp ready for this process, which it is for one BPF file system only, the first.
     *
     * @param bpffs where all who use libxdp on this node pin, in a folder {@code xdp}
     * @return a sentence that says what is missing; empty if it can be used
     */
    public static Optional<String> lack(Path bpffs) {
        try {
            LibC.setenv("LIBXDP_BPFFS", bpffs.toString(), 1);
            Libxdp.libxdp_get_error(Pointer.NULL);
        } catch (LinkageError e) {
            return Optional.of("libxdp.so.1 cannot be loaded; it is in Debian's package libxdp1.");
        }
        // Without these two libxdp attaches the program alone, in a way that nobody else can join
        int btf = Libbpf.bpf_btf_get_fd_by_id(ANY_BTF);
        if (btf < 0) {
            return Optional.of(
                    "libxdp needs CAP_SYS_ADMIN, to see what is on an interface (agent.dispatcher of the chart"
                            + " gives it).");
        }
        LibC.close(btf);
        return Libbpf.libbpf_probe_bpf_prog_type(PROG_TYPE_EXT, Pointer.NULL) == 1
                ? Optional.empty()
                : Optional.of("this kernel lets no BPF program replace a function of another one (BPF_PROG_TYPE_EXT).");
    }

    /**
     * Loads an object as a component of the dispatcher of an interface, which is made if there is none. Its maps must be
     * as they have to be: it sees frames before this returns.
     *
     * @param object opened, not loaded
     * @param priority those with a lower number run before it
     */
    public static void join(BpfObject object, String section, String program, int ifindex, XdpFlag flag, int priority) {
        var tried = "Joining the XDP dispatcher of interface " + ifindex;
        LibbpfLog.during(() -> {
            with(tried, () -> Libxdp.xdp_program__from_bpf_obj(object.pointer(), section), component -> {
                check(tried, Libxdp.xdp_program__set_run_prio(component, priority));
                int mode = mode(flag);
                check(tried, Libxdp.xdp_program__attach(component, ifindex, mode, 0));
                if (Bpf.programInfo(object.program(program)).type() != PROG_TYPE_EXT) {
                    Libxdp.xdp_program__detach(component, ifindex, mode, 0);
                    throw new BpfException(tried, Errno.EOPNOTSUPP.number(), LibbpfLog.said());
                }
            });
            return true;
        });
    }

    /**
     * Takes a component out; the others stay, and with the last one the dispatcher goes.
     *
     * @param flag the mode of the dispatcher
     */
    public static void leave(Fd component, int ifindex, XdpFlag flag) {
        var tried = "Leaving the XDP dispatcher of interface " + ifindex;
        LibbpfLog.during(() -> {
            with(
                    tried,
                    () -> Libxdp.xdp_program__from_fd(component.number()),
                    program -> check(tried, Libxdp.xdp_program__detach(program, ifindex, mode(flag), 0)));
            return true;
        });
    }

    private static int mode(XdpFlag flag) {
        return switch (flag) {
            case NATIVE -> MODE_NATIVE;
            case GENERIC -> MODE_GENERIC;
        };
    }

    private interface Step {
        void on(Pointer program);
    }

    private static void with(String tried, Supplier<Pointer> open, Step step) {
        var program = open.get();
        int error = (int) Libxdp.libxdp_get_error(program);
        if (error != 0 || program == null) {
            throw new BpfException(tried, error == 0 ? Errno.EINVAL.number() : -error, LibbpfLog.said());
        }
        try {
            step.on(program);
        } finally {
            Libxdp.xdp_program__close(program);
        }
    }

    private static void check(String tried, int result) {
        if (result < 0) {
            throw new BpfException(tried, -result, LibbpfLog.said());
        }
    }
}
