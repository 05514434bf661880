package io.ipsecxdp.bpf.jna;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.LibC;
import java.nio.file.Path;

/** System calls that tests need and Java does not have. */
public final class Sys {
    private static final int O_RDONLY = 0;
    private static final int CLONE_NEWNET = 0x40000000;
    private static final int AF_NETLINK = 16;
    private static final int NETLINK_XFRM = 6;
    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW = 3;
    private static final int BPF_TCX_INGRESS = 46;

    static {
        Native.register(Sys.class, "c");
    }

    private Sys() {}

    static native int open(String path, int flags);

    static native int setns(int fd, int type);

    static native int socket(int domain, int type, int protocol);

    static native long send(int fd, Pointer data, long size, int flags);

    static native long recv(int fd, Pointer data, long size, int flags);

    static native long sendto(int fd, Pointer data, long size, int flags, Pointer address, int addressSize);

    static native int sched_setaffinity(int pid, long size, Pointer mask);

    /** Moves the calling thread, and only it, into a network namespace made by {@code ip netns add}. */
    public static void enterNamespace(String name) {
        int fd = checked("open", open(Path.of("/run/netns", name).toString(), O_RDONLY));
        try {
            checked("setns", setns(fd, CLONE_NEWNET));
        } finally {
            LibC.close(fd);
        }
    }

    /** Keeps the calling thread on one CPU. */
    public static void runOn(int cpu) {
        try (var mask = new Memory(128)) {
            mask.clear();
            mask.setByte(cpu / 8, (byte) (1 << (cpu % 8)));
            checked("sched_setaffinity", sched_setaffinity(0, mask.size(), mask));
        }
    }

    /** Sends one message to NETLINK_XFRM and returns the first answer. */
    public static byte[] askXfrm(byte[] message) {
        int fd = checked("socket", socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM));
        try (var request = Bpf.memory(message);
                var answer = new Memory(8192)) {
            checked("send", (int) send(fd, request, message.length, 0));
            int size = checked("recv", (int) recv(fd, answer, answer.size(), 0));
            return answer.getByteArray(0, size);
        } finally {
            LibC.close(fd);
        }
    }

    /** Runs a program where the stack begins (tcx), behind XDP, until the link is closed. */
    public static Fd attachIngress(Fd program, int ifindex) {
        int fd = Libbpf.bpf_link_create(program.number(), ifindex, BPF_TCX_INGRESS, Pointer.NULL);
        return Fd.owned(Bpf.check("Attaching to the ingress of interface " + ifindex, fd));
    }

    /** Sends frames out of an interface as they are. */
    public static final class PacketSocket implements AutoCloseable {
        private final int fd = checked("socket", socket(AF_PACKET, SOCK_RAW, 0));
        private final Memory address = new Memory(20);

        public PacketSocket(int ifindex) {
            address.clear();
            address.setShort(0, (short) AF_PACKET);
            address.setInt(4, ifindex);
        }

        public void send(byte[] frame) {
            try (var data = Bpf.memory(frame)) {
                checked("sendto", (int) sendto(fd, data, frame.length, 0, address, (int) address.size()));
            }
        }

        @Override
        public void close() {
            LibC.close(fd);
            address.close();
        }
    }

    private static int checked(String call, int result) {
        if (result < 0) {
            throw new IllegalStateException(call + ": " + new Errno(Native.getLastError()).describe());
        }
        return result;
    }
}
