package io.ipsecxdp.xfrm.links;

import io.ipsecxdp.linux.NetlinkSocket;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Asks the network namespace of the calling thread which way it would send. No packet is sent, and no policy is asked: a
 * connected socket would make the kernel look for an SA.
 */
public final class RouteLookup {

    private static final int NETLINK_ROUTE = 0;
    private static final short RTM_NEWROUTE = 24;
    private static final short RTM_GETROUTE = 26;
    private static final short NLM_F_REQUEST = 1;
    private static final short RTA_DST = 1;
    private static final int RTA_PREFSRC = 7;

    private static final byte AF_INET = 2;
    private static final byte AF_INET6 = 10;
    private static final int IPV4_BYTES = 4;

    /** {@code struct nlmsghdr} and {@code struct rtmsg}. */
    private static final int ATTRIBUTES = 16 + 12;

    private static final int FAMILY_OFFSET = 16;
    private static final int DESTINATION_LENGTH_OFFSET = 17;
    private static final int TYPE_OFFSET = 4;
    private static final int FLAGS_OFFSET = 6;
    private static final int SEQUENCE_OFFSET = 8;
    private static final int ATTRIBUTE_HEADER = 4;
    private static final int BUFFER_SIZE = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private RouteLookup() {}

    /** The address that the kernel would send from, to this destination; empty if it has no route there. */
    public static Optional<InetAddress> sourceTo(InetAddress destination) {
        byte[] address = destination.getAddress();
        int length = ATTRIBUTES + ATTRIBUTE_HEADER + address.length;
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());
        buffer.putInt(0, length);
        buffer.putShort(TYPE_OFFSET, RTM_GETROUTE);
        buffer.putShort(FLAGS_OFFSET, NLM_F_REQUEST);
        buffer.putInt(SEQUENCE_OFFSET, 1);
        buffer.put(FAMILY_OFFSET, address.length == IPV4_BYTES ? AF_INET : AF_INET6);
        buffer.put(DESTINATION_LENGTH_OFFSET, (byte) (address.length * Byte.SIZE));
        buffer.putShort(ATTRIBUTES, (short) (ATTRIBUTE_HEADER + address.length));
        buffer.putShort(ATTRIBUTES + 2, RTA_DST);
        buffer.put(ATTRIBUTES + ATTRIBUTE_HEADER, address);
        try (NetlinkSocket socket = NetlinkSocket.open(NETLINK_ROUTE)) {
            socket.send(buffer, length);
            OptionalInt received = socket.receive(buffer, PATIENCE);
            return received.isPresent()
                    ? source(buffer, Math.min(received.getAsInt(), BUFFER_SIZE), address.length)
                    : Optional.empty();
        }
    }

    private static Optional<InetAddress> source(ByteBuffer answer, int received, int addressBytes) {
        if (received < ATTRIBUTES || answer.getShort(TYPE_OFFSET) != RTM_NEWROUTE) {
            return Optional.empty();
        }
        int end = Math.min(received, answer.getInt(0));
        int at = ATTRIBUTES;
        while (end - at >= ATTRIBUTE_HEADER) {
            int size = Short.toUnsignedInt(answer.getShort(at));
            if (size < ATTRIBUTE_HEADER || size > end - at) {
                return Optional.empty();
            }
            if (answer.getShort(at + 2) == RTA_PREFSRC && size == ATTRIBUTE_HEADER + addressBytes) {
                byte[] source = new byte[addressBytes];
                answer.get(at + ATTRIBUTE_HEADER, source);
                return Optional.of(address(source));
            }
            at += size + 3 & ~3;
        }
        return Optional.empty();
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
