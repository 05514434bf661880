package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.codec.Netlink.Header;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One netlink message: a view of the buffer that it was received in, valid as long as that is left alone.
 *
 * @param type such as {@link XfrmMessage#NEWSA} or {@link Netlink#NLMSG_ERROR}
 * @param sequence that of the request it answers or reports
 * @param portId of the socket whose request it answers or reports, 0 for the kernel
 */
public record Frame(int type, int flags, int sequence, int portId, Bytes payload) {

    /**
     * The messages of one datagram.
     *
     * @throws MalformedMessageException if their lengths do not add up
     */
    public static List<Frame> in(ByteBuffer datagram, int length) {
        Bytes bytes = Bytes.of(datagram).slice(0, length);
        List<Frame> frames = new ArrayList<>();
        int at = 0;
        while (at < length) {
            long size = bytes.unsignedInt(at + Header.LENGTH);
            if (size < Header.SIZE || size > length - at) {
                throw new MalformedMessageException("a message of %d bytes with %d left".formatted(size, length - at));
            }
            frames.add(new Frame(
                    bytes.unsignedShort(at + Header.TYPE),
                    bytes.unsignedShort(at + Header.FLAGS),
                    bytes.signedInt(at + Header.SEQUENCE),
                    bytes.signedInt(at + Header.PORT_ID),
                    bytes.slice(at + Header.SIZE, (int) size - Header.SIZE)));
            at += Netlink.align((int) size);
        }
        return frames;
    }

    /** Whether the kernel says of this message that the table changed during the dump. */
    public boolean dumpInterrupted() {
        return (flags & Netlink.NLM_F_DUMP_INTR) != 0;
    }
}
