package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.AddressFamily;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

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

    /** The target's owner has to wipe what is secret. */
    void copyTo(byte[] target, int at) {
        buffer.get(0, target, at, size());
    }

    /**
     * A digest that goes on from another one. Two parts of one size that differ in eight bytes never come to the same, and
     * others as rarely as two numbers of 64 bits that have nothing in common.
     */
    long digest(long before, int at, int size) {
        require(at, size);
        long digest = before ^ size;
        int end = at + size;
        int i = at;
        for (; i <= end - Long.BYTES; i += Long.BYTES) {
            digest = mixed(digest ^ buffer.getLong(i));
        }
        for (; i < end; i++) {
            digest = mixed(digest ^ buffer.get(i));
        }
        return digest;
    }

    /** Each number to another one: an odd factor and a shift can be undone (Knuth, TAOCP 6.4, on multiplicative hashing). */
    private static long mixed(long number) {
        long product = number * 0x9E37_79B9_7F4A_7C15L;
        return product ^ product >>> Integer.SIZE;
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
