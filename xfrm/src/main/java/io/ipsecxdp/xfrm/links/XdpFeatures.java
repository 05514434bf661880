package io.ipsecxdp.xfrm.links;

import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.linux.NetlinkSocket;
import io.ipsecxdp.linux.SystemCallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a driver says that it does for native XDP (linux/netdev.h, {@code enum netdev_xdp_act}). A driver may attach a program
 * and yet drop what the program redirects, as ixgbevf does.
 *
 * @param bits such as {@code NETDEV_XDP_ACT_REDIRECT}
 */
public record XdpFeatures(long bits) {

    private static final long NETDEV_XDP_ACT_BASIC = 1;
    private static final long NETDEV_XDP_ACT_REDIRECT = 2;

    private static final int NETLINK_GENERIC = 16;
    private static final int GENL_ID_CTRL = 16;
    private static final int NLM_F_REQUEST = 1;
    private static final int NLMSG_ERROR = 2;

    private static final int CTRL_CMD_GETFAMILY = 3;
    private static final int CTRL_ATTR_FAMILY_ID = 1;
    private static final int CTRL_ATTR_FAMILY_NAME = 2;

    private static final String FAMILY = "netdev";
    private static final int NETDEV_CMD_DEV_GET = 1;
    private static final int NETDEV_A_DEV_IFINDEX = 1;
    private static final int NETDEV_A_DEV_XDP_FEATURES = 3;

    /** {@code struct nlmsghdr}, {@code struct genlmsghdr}, then one attribute of the request. */
    private static final int TYPE_OFFSET = 4;

    private static final int FLAGS_OFFSET = 6;
    private static final int SEQUENCE_OFFSET = 8;
    private static final int PORT_OFFSET = 12;
    private static final int COMMAND_OFFSET = 16;
    private static final int VERSION_OFFSET = 17;
    private static final int ATTRIBUTES = 20;
    private static final int VALUE = ATTRIBUTES + 4;

    private static final int BUFFER_SIZE = 16 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Whether the driver runs XDP programs at all. */
    public boolean basic() {
        return (bits & NETDEV_XDP_ACT_BASIC) != 0;
    }

    /** Whether it hands frames on that a program redirects. */
    public boolean redirect() {
        return (bits & NETDEV_XDP_ACT_REDIRECT) != 0;
    }

    /**
     * Asks the kernel, in the network namespace of the calling thread.
     *
     * @return empty if it does not tell: before Linux 6.3, or if the interface has just gone
     */
    public static Optional<XdpFeatures> of(NetDevice device) {
        try (NetlinkSocket socket = NetlinkSocket.open(NETLINK_GENERIC)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());
            OptionalLong family = ask(
                    socket,
                    buffer,
                    GENL_ID_CTRL,
                    CTRL_CMD_GETFAMILY,
                    CTRL_ATTR_FAMILY_NAME,
                    (FAMILY + "\0").getBytes(StandardCharsets.US_ASCII),
                    CTRL_ATTR_FAMILY_ID);
            if (family.isEmpty()) {
                return Optional.empty();
            }
            byte[] index = ByteBuffer.allocate(Integer.BYTES)
                    .order(ByteOrder.nativeOrder())
                    .putInt(device.index())
                    .array();
            OptionalLong features = ask(
                    socket,
                    buffer,
                    (int) family.getAsLong(),
                    NETDEV_CMD_DEV_GET,
                    NETDEV_A_DEV_IFINDEX,
                    index,
                    NETDEV_A_DEV_XDP_FEATURES);
            return features.isPresent() ? Optional.of(new XdpFeatures(features.getAsLong())) : Optional.empty();
        } catch (SystemCallException e) {
            return Optional.empty();
        }
    }

    /** The number in one attribute of the answer; empty if the kernel answers with an error or without it. */
    private static OptionalLong ask(
            NetlinkSocket socket, ByteBuffer buffer, int family, int command, int type, byte[] value, int wanted) {
        int length = RouteMessage.align(VALUE + value.length);
        buffer.clear().put(new byte[length]);
        buffer.putInt(0, length);
        buffer.putShort(TYPE_OFFSET, (short) family);
        buffer.putShort(FLAGS_OFFSET, (short) NLM_F_REQUEST);
        buffer.putInt(SEQUENCE_OFFSET, 1);
        buffer.putInt(PORT_OFFSET, 0);
        buffer.put(COMMAND_OFFSET, (byte) command);
        buffer.put(VERSION_OFFSET, (byte) 1);
        buffer.putShort(ATTRIBUTES, (short) (VALUE - ATTRIBUTES + value.length));
        buffer.putShort(ATTRIBUTES + 2, (short) type);
        buffer.put(VALUE, value);
        socket.send(buffer, length);
        OptionalInt received = socket.receive(buffer, PATIENCE);
        if (received.isEmpty()
                || received.getAsInt() < ATTRIBUTES
                || received.getAsInt() > BUFFER_SIZE
                || buffer.getShort(TYPE_OFFSET) == NLMSG_ERROR) {
            return OptionalLong.empty();
        }
        List<Long> found = new ArrayList<>();
        ByteBuffer answer = buffer.slice(0, received.getAsInt()).order(ByteOrder.nativeOrder());
        RouteMessage.attributes(answer, ATTRIBUTES, (attribute, number) -> {
            if (attribute == wanted) {
                found.add(number(number));
            }
        });
        return found.isEmpty() ? OptionalLong.empty() : OptionalLong.of(found.getLast());
    }

    private static long number(ByteBuffer value) {
        return switch (value.capacity()) {
            case Short.BYTES -> Short.toUnsignedLong(value.getShort(0));
            case Integer.BYTES -> Integer.toUnsignedLong(value.getInt(0));
            case Long.BYTES -> value.getLong(0);
            default -> 0;
        };
    }
}
