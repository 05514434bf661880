package io.ipsecxdp.linux;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.OptionalInt;

/** Datagrams to and from the kernel. Everything throws {@link SystemCallException}. */
public interface Datagrams extends AutoCloseable {

    /** The number that tells these messages from those of others. */
    int portId();

    /**
     * Hands messages to the kernel, which has worked them off when this returns.
     *
     * @param messages a direct buffer, sent from its first byte on
     */
    void send(ByteBuffer messages, int length);

    /**
     * Waits for one datagram of the kernel.
     *
     * @param into a direct buffer, filled from its first byte on
     * @param timeout at most; negative to wait without end
     * @return the length that the datagram had, more than the buffer's capacity if its end is lost; empty if the time
     *     was up or this was closed
     */
    OptionalInt receive(ByteBuffer into, Duration timeout);

    /**
     * Waits for the kernel and takes what datagrams there are, as many as have room.
     *
     * @param into a direct buffer; the first datagram is put at its first byte, each other one {@code slot} bytes behind the
     *     one before it
     * @return the length that each had, more than {@code slot} if its end is lost, 0 for one that is
     *     not the kernel's; none if the time was up or this was closed
     */
    int[] receive(ByteBuffer into, int slot, Duration timeout);

    /** Ends a wait, too, and may come from any thread. */
    @Override
    void close();
}
