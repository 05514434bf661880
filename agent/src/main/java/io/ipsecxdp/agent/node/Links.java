package io.ipsecxdp.agent.node;

import io.ipsecxdp.agent.jna.NetlinkSocket;
import io.ipsecxdp.agent.jna.SystemCallException;
import io.ipsecxdp.agent.xfrm.Errno;
import io.ipsecxdp.bpf.NetDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * The interfaces of the network namespace of the thread that asks, over rtnetlink. Java's own list lacks those without
 * an address, and /sys shows those of the namespace in which it was mounted.
 */
public final class Links implements AutoCloseable {

    private static final int NETLINK_ROUTE = 0;

    /** {@code RTNLGRP_LINK} of linux/rtnetlink.h. */
    private static final int LINK_GROUP = 1;

    private static final int RTM_NEWLINK = 16;
    private static final int RTM_GETLINK = 18;
    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int NLM_F_REQUEST_DUMP = 0x301;
    private static final int IFLA_IFNAME = 3;
    private static final int NLA_TYPE_MASK = 0x3fff;

    /** {@code struct nlmsghdr}, then {@code struct ifinfomsg}, then attributes. */
    private static final int HEADER_SIZE = 16;

    private static final int TYPE_OFFSET = 4;
    private static final int FLAGS_OFFSET = 6;
    private static final int SEQUENCE_OFFSET = 8;
    private static final int INDEX_OFFSET = HEADER_SIZE + 4;
    private static final int ATTRIBUTES_OFFSET = HEADER_SIZE + 16;
    private static final int ATTRIBUTE_HEADER_SIZE = 4;

    /** The kernel fills up to 32 KiB of a dump into one datagram ({@code netlink_recvmsg}). */
    private static final int BUFFER_SIZE = 64 * 1024;

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration FOR_EVER = Duration.ofMillis(-1);

    private final NetlinkSocket changes;
    private final ByteBuffer change = ByteBuffer.allocateDirect(BUFFER_SIZE);

    private Links(NetlinkSocket changes) {
        this.changes = changes;
    }

    /** Begins to listen for changes. */
    public static Links listen() {
        NetlinkSocket socket = NetlinkSocket.open(NETLINK_ROUTE);
        try {
            socket.join(LINK_GROUP);
            return new Links(socket);
        } catch (SystemCallException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Waits until an interface came, went or changed. Blocks its platform thread.
     *
     * @return false if this was closed
     */
    public boolean awaitChange() {
        try {
            return changes.receive(change, FOR_EVER).isPresent();
        } catch (SystemCallException e) {
            if (e.errno() == Errno.ENOBUFS.number()) {
                // There were too many changes to hold: that is one too
                return true;
            }
            throw e;
        }
    }

    /** All interfaces, by name. */
    public static Map<String, NetDevice> list() {
        Map<String, NetDevice> devices = new TreeMap<>();
        try (NetlinkSocket socket = NetlinkSocket.open(NETLINK_ROUTE)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());
            buffer.putInt(0, ATTRIBUTES_OFFSET);
            buffer.putShort(TYPE_OFFSET, (short) RTM_GETLINK);
            buffer.putShort(FLAGS_OFFSET, (short) NLM_F_REQUEST_DUMP);
            buffer.putInt(SEQUENCE_OFFSET, 1);
            socket.send(buffer, ATTRIBUTES_OFFSET);
            boolean more = true;
            while (more) {
                OptionalInt length = socket.receive(buffer, PATIENCE);
                more = length.isPresent() && take(buffer, Math.min(length.getAsInt(), BUFFER_SIZE), devices);
            }
        }
        return devices;
    }

    @Override
    public void close() {
        changes.close();
    }

    private static boolean take(ByteBuffer buffer, int length, Map<String, NetDevice> devices) {
        int at = 0;
        while (length - at >= HEADER_SIZE) {
            int size = buffer.getInt(at);
            int type = buffer.getShort(at + TYPE_OFFSET);
            if (type == NLMSG_DONE || type == NLMSG_ERROR || size < HEADER_SIZE || size > length - at) {
                return false;
            }
            if (type == RTM_NEWLINK && size >= ATTRIBUTES_OFFSET) {
                String name = name(buffer, at + ATTRIBUTES_OFFSET, at + size);
                if (!name.isEmpty()) {
                    devices.put(name, new NetDevice(name, buffer.getInt(at + INDEX_OFFSET)));
                }
            }
            at += align(size);
        }
        return true;
    }

    private static String name(ByteBuffer buffer, int from, int to) {
        int at = from;
        while (to - at >= ATTRIBUTE_HEADER_SIZE) {
            int size = Short.toUnsignedInt(buffer.getShort(at));
            if (size < ATTRIBUTE_HEADER_SIZE || size > to - at) {
                return "";
            }
            if ((buffer.getShort(at + 2) & NLA_TYPE_MASK) == IFLA_IFNAME) {
                // Without the zero byte at its end
                byte[] name = new byte[size - ATTRIBUTE_HEADER_SIZE - 1];
                buffer.get(at + ATTRIBUTE_HEADER_SIZE, name);
                return new String(name, StandardCharsets.UTF_8);
            }
            at += align(size);
        }
        return "";
    }

    private static int align(int size) {
        return size + 3 & ~3;
    }
}
