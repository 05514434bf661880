package io.ipsecxdp.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The calls of the C library that netlink, ethtool and libbpf need, mapped directly. {@code size_t} is a {@code long}: only 64-bit systems
 * are served.
 */
public final class LibC {

    static final int EINTR = 4;
    static final int EAGAIN = 11;

    static final int AF_INET = 2;
    static final int AF_NETLINK = 16;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_RAW = 3;
    static final int SOCK_CLOEXEC = 02000000;

    static final int SOL_SOCKET = 1;
    static final int SO_RCVBUF = 8;
    static final int SO_RCVBUFFORCE = 33;
    static final int SO_NETNS_COOKIE = 71;

    static final int SOL_NETLINK = 270;
    static final int NETLINK_ADD_MEMBERSHIP = 1;
    static final int NETLINK_CAP_ACK = 10;
    static final int NETLINK_EXT_ACK = 11;

    static final int MSG_TRUNC = 0x20;
    static final int MSG_DONTWAIT = 0x40;

    static final short POLLIN = 1;
    static final int EFD_CLOEXEC = 02000000;

    static {
        Native.register(LibC.class, NativeLibrary.getProcess());
    }

    private LibC() {}

    static native int socket(int domain, int type, int protocol);

    static native int bind(int socket, Pointer address, int addressLength);

    static native int getsockname(int socket, Pointer address, Pointer addressLength);

    static native int setsockopt(int socket, int level, int name, Pointer value, int length);

    static native int getsockopt(int socket, int level, int name, Pointer value, Pointer length);

    static native long send(int socket, Pointer bytes, long length, int flags);

    static native long recvfrom(
            int socket, Pointer bytes, long length, int flags, Pointer address, Pointer addressLength);

    static native int recvmmsg(int socket, Pointer headers, int count, int flags, Pointer timeout);

    static native int poll(Pointer descriptors, long count, int timeoutMillis);

    static native int eventfd(int initial, int flags);

    static native long write(int descriptor, Pointer bytes, long length);

    /** Of the variable arguments it takes one, which is passed as any other on the platforms that are served. */
    static native int ioctl(int descriptor, long request, Pointer argument);

    public static native int close(int descriptor);

    static native int if_nametoindex(String name);

    public static native Pointer if_indextoname(int index, Pointer name);

    public static native int setenv(String name, String value, int overwrite);

    /** A {@code va_list} argument is a pointer in the ABIs of x86-64 and of arm64. */
    public static native int vasprintf(Pointer result, Pointer format, Pointer vaList);

    public static native void free(Pointer memory);
}
