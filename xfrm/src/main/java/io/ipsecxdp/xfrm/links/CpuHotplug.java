package io.ipsecxdp.xfrm.links;

import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.NetlinkSocket;
import io.ipsecxdp.linux.SystemCallException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.OptionalInt;

/**
 * Hears of CPUs that go offline or come online, by the kernel's uevents. Those of devices that belong to no network namespace
 * are sent to each one that the initial user namespace owns (lib/kobject_uevent.c uevent_net_broadcast_untagged).
 */
public final class CpuHotplug implements AutoCloseable {

    private static final int NETLINK_KOBJECT_UEVENT = 15;

    /** What the kernel sends; group 2 is what udev makes of it. */
    private static final int KERNEL_GROUP = 1;

    /** {@code UEVENT_BUFFER_SIZE} of linux/kobject.h is less. */
    private static final int LONGEST = 16 * 1024;

    /** {@code ACTION@DEVPATH}, with which each uevent begins. */
    private static final String CPU = "@/devices/system/cpu/cpu";

    private static final int HEADER_AT_MOST = 64;

    private static final Duration FOR_EVER = Duration.ofMillis(-1);

    private final NetlinkSocket socket;
    private final ByteBuffer uevent = ByteBuffer.allocateDirect(LONGEST);

    private CpuHotplug(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** Begins to listen. */
    public static CpuHotplug listen() {
        NetlinkSocket socket = NetlinkSocket.open(NETLINK_KOBJECT_UEVENT);
        try {
            socket.join(KERNEL_GROUP);
            return new CpuHotplug(socket);
        } catch (SystemCallException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Waits until something happened to a CPU. Blocks its platform thread.
     *
     * @return false if this was closed
     */
    public boolean await() {
        try {
            while (true) {
                OptionalInt length = socket.receive(uevent, FOR_EVER);
                if (length.isEmpty()) {
                    return false;
                }
                if (isOfACpu(uevent, Math.min(length.getAsInt(), LONGEST))) {
                    return true;
                }
            }
        } catch (SystemCallException e) {
            if (e.errno() == Errno.ENOBUFS.number()) {
                // Some were lost, and a CPU may be among them
                return true;
            }
            throw e;
        }
    }

    static boolean isOfACpu(ByteBuffer uevent, int length) {
        byte[] header = new byte[Math.min(length, HEADER_AT_MOST)];
        uevent.get(0, header);
        String text = new String(header, StandardCharsets.US_ASCII);
        int path = text.indexOf(CPU);
        return path > 0 && path + CPU.length() < text.length() && Character.isDigit(text.charAt(path + CPU.length()));
    }

    @Override
    public void close() {
        socket.close();
    }
}
