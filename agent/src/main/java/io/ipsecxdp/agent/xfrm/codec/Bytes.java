package io.ipsecxdp.agent.xfrm.codec;

import io.ipsecxdp.agent.xfrm.AddressFamily;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.Checksum;

/** A part of a message: unsigned, bounded reads. Multi-byte numbers have the machine's order unless said. */
public final class Bytes {

    private final ByteBuffer buffer;

    private Bytes(ByteBuffer buffer) {
        this.buffer = buffer;
    }

    /** All bytes of the buffer, whatever its position. */
    static Bytes of(ByteBuffer buffer) {
        return new Bytes(buffer.duplicate().clear().order(ByteOrder.nativeOrder()));
    }

    int size() {
        return buffer.capacity();
    }

    Bytes slice(int from, int size) {
        require(from, size);
        return new Bytes(buffer.slice(from, size).order(ByteOrder.nativeOrder()));
    }

    Bytes from(int offset) {
        return slice(offset, size() - offset);
    }

    int unsignedByte(int at) {
        require(at, Byte.BYTES);
        return Byte.toUnsignedInt(buffer.get(at));
    }

    int unsignedShort(int at) {
        require(at, Short.BYTES);
        return Short.toUnsignedInt(buffer.getShort(at));
    }

    int bigEndianShort(int at) {
        return unsignedByte(at) << Byte.SIZE | unsignedByte(at + 1);
    }

    int signedInt(int at) {
        require(at, Integer.BYTES);
        return buffer.getInt(at);
    }

    long unsignedInt(int at) {
        return Integer.toUnsignedLong(signedInt(at));
    }

    long bigEndianInt(int at) {
        return (long) bigEndianShort(at) << Short.SIZE | bigEndianShort(at + Short.BYTES);
    }

    long longAt(int at) {
        require(at, Long.BYTES);
        return buffer.getLong(at);
    }

    boolean allZero(int at, int size) {
        require(at, size);
        for (int i = at; i < at + size; i++) {
            if (buffer.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Without a slice, which would be garbage ten thousand times in each resync. */
    void update(Checksum checksum, int at, int size) {
        require(at, size);
        checksum.update(buffer.limit(at + size).position(at));
        buffer.clear();
    }

    /** ASCII up to the first zero byte, or all. */
    String text(int at, int size) {
        require(at, size);
        StringBuilder text = new StringBuilder();
        for (int i = at; i < at + size && buffer.get(i) != 0; i++) {
            text.append((char) (buffer.get(i) & 0x7f));
        }
        return text.toString();
    }

    /** An {@code xfrm_address_t}. */
    InetAddress address(int at, AddressFamily family) {
        require(at, Layout.ADDRESS_SIZE);
        byte[] address = new byte[family.addressBits() / Byte.SIZE];
        buffer.get(at, address);
        try {
            return switch (family) {
                case IPV4 -> InetAddress.getByAddress(address);
                // InetAddress.getByAddress would make ::ffff:a.b.c.d an IPv4 address
                case IPV6 -> Inet6Address.getByAddress(null, address, -1);
            };
        } catch (UnknownHostException e) {
            throw new IllegalStateException("Java takes no addresses of " + address.length + " bytes", e);
        }
    }

    private void require(int from, int size) {
        if (from < 0 || size < 0 || from > size() - size) {
            throw new MalformedMessageException(
                    "%d bytes were expected at offset %d of %d".formatted(size, from, size()));
        }
    }
}
