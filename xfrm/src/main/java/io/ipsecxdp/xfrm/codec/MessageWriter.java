package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.codec.Netlink.AttributeHeader;
import io.ipsecxdp.xfrm.codec.Netlink.Header;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Lays netlink messages one behind the other into a buffer. */
public final class MessageWriter {

    private final ByteBuffer buffer;
    private final int portId;
    private int message;

    /**
     * Writes from the buffer's first byte on, in the machine's byte order. Nobody else writes there.
     *
     * @param portId of the socket that sends; the kernel repeats it to all who listen
     */
    public MessageWriter(ByteBuffer buffer, int portId) {
        this.portId = portId;
        this.buffer = buffer.order(ByteOrder.nativeOrder()).clear();
        Zeros.fill(buffer, 0, buffer.capacity());
    }

    /** Bytes of the messages so far. */
    public int length() {
        return buffer.position();
    }

    /** Bytes that are still free. */
    public int remaining() {
        return buffer.remaining();
    }

    /** Overwrites all messages with zeros, as they may hold keys, and begins anew. */
    public void wipe() {
        Zeros.fill(buffer, 0, buffer.position());
        buffer.clear();
        message = 0;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    /** Begins a message whose payload starts with a structure of {@code size} zero bytes; gives the offset of that. */
    int begin(int type, int flags, int sequence, int size) {
        message = reserve(Header.SIZE);
        buffer.putShort(message + Header.TYPE, (short) type);
        buffer.putShort(message + Header.FLAGS, (short) flags);
        buffer.putInt(message + Header.SEQUENCE, sequence);
        buffer.putInt(message + Header.PORT_ID, portId);
        return reserve(size);
    }

    /** Adds an attribute of {@code size} zero bytes; gives the offset of its payload. */
    int attribute(int type, int size) {
        int attribute = reserve(AttributeHeader.SIZE);
        buffer.putShort(attribute + AttributeHeader.LENGTH, (short) (AttributeHeader.SIZE + size));
        buffer.putShort(attribute + AttributeHeader.TYPE, (short) type);
        return reserve(size);
    }

    void end() {
        buffer.putInt(message + Header.LENGTH, buffer.position() - message);
    }

    /**
     * Asks the kernel to answer the last message in any case. It answers the others only where it has an error to tell
     * ({@code netlink_rcv_skb} in net/netlink/af_netlink.c).
     */
    public void acknowledgeLast() {
        int at = message + Header.FLAGS;
        buffer.putShort(at, (short) (buffer.getShort(at) | Netlink.NLM_F_ACK));
    }

    private int reserve(int size) {
        int offset = buffer.position();
        buffer.position(offset + Netlink.align(size));
        return offset;
    }
}
