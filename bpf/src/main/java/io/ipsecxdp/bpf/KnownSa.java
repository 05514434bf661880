package io.ipsecxdp.bpf;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;

/**
 * An inbound SA as the agent knows it.
 *
 * @param spi as on the wire, unsigned
 * @param protocol 50 (ESP) or 51 (AH)
 * @param cpu to which its packets go; empty: none in particular
 */
public record KnownSa(InetAddress destination, int spi, int protocol, OptionalInt cpu) {
    static final int KEY_SIZE = 24;

    /** {@code NO_OWNER} of lookup.h. */
    private static final int NO_OWNER = -1;

    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;

    /** {@code struct sa_key} of maps.h. */
    byte[] key() {
        var address = destination.getAddress();
        return ByteBuffer.allocate(KEY_SIZE)
                .put(address)
                .position(16)
                .putInt(spi)
                .order(ByteOrder.nativeOrder())
                .putShort((short) (address.length == 4 ? AF_INET : AF_INET6))
                .putShort((short) protocol)
                .array();
    }

    int value() {
        return cpu.orElse(NO_OWNER);
    }
}
