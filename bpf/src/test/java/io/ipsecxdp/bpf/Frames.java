package io.ipsecxdp.bpf;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** Frames as on the wire, built from the inside to the outside. Checksums are zero: nothing here looks at them. */
final class Frames {
    static final InetAddress SOURCE4 = address("192.0.2.1");
    static final InetAddress DESTINATION4 = address("192.0.2.2");
    static final InetAddress SOURCE6 = address("2001:db8::1");
    static final InetAddress DESTINATION6 = address("2001:db8::2");

    static final int ESP_SIZE = 48;

    static final int ESP = 50;
    static final int AH = 51;
    static final int HOP_BY_HOP = 0;
    static final int ROUTING = 43;
    static final int FRAGMENT_HEADER = 44;
    static final int DESTINATION_OPTIONS = 60;
    static final int GRE = 47;
    static final int UDP = 17;
    static final int TCP = 6;
    static final int ICMP = 1;
    static final int ESP_IN_UDP = 4500;

    private static final int IPV4_TYPE = 0x0800;
    private static final int IPV6_TYPE = 0x86DD;
    private static final int DONT_FRAGMENT = 0x4000;

    private Frames() {}

    static byte[] esp(int spi) {
        return ByteBuffer.allocate(ESP_SIZE).putInt(spi).putInt(1).array();
    }

    /** AH without anything behind it; the ICV is zero. */
    static byte[] ah(int spi) {
        return ByteBuffer.allocate(ESP_SIZE)
                .put((byte) TCP)
                .put((byte) 4)
                .putShort((short) 0)
                .putInt(spi)
                .putInt(1)
                .array();
    }

    /** An IPv6 extension header of 8 * units bytes; the fourth byte is Segments Left if it is a routing header. */
    static byte[] extension(int nextHeader, int units, int segmentsLeft, byte[] payload) {
        return ByteBuffer.allocate(8 * units + payload.length)
                .put((byte) nextHeader)
                .put((byte) (units - 1))
                .put((byte) 0)
                .put((byte) segmentsLeft)
                .position(8 * units)
                .put(payload)
                .array();
    }

    static byte[] udp(int source, int destination, byte[] payload) {
        return ByteBuffer.allocate(8 + payload.length)
                .putShort((short) source)
                .putShort((short) destination)
                .putShort((short) (8 + payload.length))
                .putShort((short) 0)
                .put(payload)
                .array();
    }

    static byte[] ipv4(int protocol, byte[] payload) {
        return ipv4(protocol, 0, DONT_FRAGMENT, payload);
    }

    /** @param optionWords 32-bit words of options, 0 to 10 */
    static byte[] ipv4(int protocol, int optionWords, int fragment, byte[] payload) {
        int header = 20 + 4 * optionWords;
        return ByteBuffer.allocate(header + payload.length)
                .put((byte) (0x40 | header / 4))
                .put((byte) 0)
                .putShort((short) (header + payload.length))
                .putShort((short) 1)
                .putShort((short) fragment)
                .put((byte) 64)
                .put((byte) protocol)
                .putShort((short) 0)
                .put(SOURCE4.getAddress())
                .put(DESTINATION4.getAddress())
                .position(header)
                .put(payload)
                .array();
    }

    static byte[] ipv6(int nextHeader, byte[] payload) {
        return ByteBuffer.allocate(40 + payload.length)
                .putInt(0x60000000)
                .putShort((short) payload.length)
                .put((byte) nextHeader)
                .put((byte) 64)
                .put(SOURCE6.getAddress())
                .put(DESTINATION6.getAddress())
                .put(payload)
                .array();
    }

    static byte[] ethernet(byte[] ip) {
        return ethernet(ip[0] >>> 4 == 4 ? IPV4_TYPE : IPV6_TYPE, ip);
    }

    static byte[] ethernet(int type, byte[] payload) {
        return ByteBuffer.allocate(14 + payload.length)
                .put(new byte[] {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1})
                .putShort((short) type)
                .put(payload)
                .array();
    }

    /** The same frame with one more tag, outermost. */
    static byte[] tagged(int tagType, byte[] frame) {
        return ByteBuffer.allocate(frame.length + 4)
                .put(frame, 0, 12)
                .putShort((short) tagType)
                .putShort((short) 100)
                .put(frame, 12, frame.length - 12)
                .array();
    }

    /** Filled up to Ethernet's 60 bytes, as a NIC delivers short frames. */
    static byte[] padded(byte[] frame) {
        return ByteBuffer.allocate(Math.max(60, frame.length)).put(frame).array();
    }

    static byte[] esp4(int spi) {
        return ethernet(ipv4(ESP, esp(spi)));
    }

    static byte[] esp6(int spi) {
        return ethernet(ipv6(ESP, esp(spi)));
    }

    static InetAddress source(InetAddress destination) {
        return destination instanceof Inet4Address ? SOURCE4 : SOURCE6;
    }

    static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
