package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.codec.Netlink.ErrorHeader;
import io.ipsecxdp.xfrm.codec.Netlink.Header;
import java.util.Optional;

/**
 * The kernel's answer to one request.
 *
 * @param sequence of the request
 * @param error empty if it was done
 */
public record Ack(int sequence, Optional<KernelError> error) {

    /**
     * Reads NLMSG_ERROR.
     *
     * @throws MalformedMessageException if the frame is none
     */
    public static Ack of(Frame frame) {
        Bytes payload = frame.payload();
        int error = payload.signedInt(ErrorHeader.ERROR);
        return new Ack(frame.sequence(), error(error, reason(frame, payload)));
    }

    /** Reads NLMSG_DONE: a dump can end in an error. */
    public static Ack ofDone(Frame frame) {
        // netlink_dump_done in net/netlink/af_netlink.c: the result, then attributes; older kernels may omit it
        Bytes payload = frame.payload();
        int error = payload.size() < Integer.BYTES ? 0 : payload.signedInt(ErrorHeader.ERROR);
        boolean explained = (frame.flags() & Netlink.NLM_F_ACK_TLVS) != 0;
        return new Ack(frame.sequence(), error(error, explained ? message(payload, Integer.BYTES) : Optional.empty()));
    }

    private static Optional<KernelError> error(int number, Optional<String> reason) {
        if (number > 0 || number == Integer.MIN_VALUE) {
            throw new MalformedMessageException("error number " + number);
        }
        return number == 0 ? Optional.empty() : Optional.of(new KernelError(new Errno(-number), reason));
    }

    private static Optional<String> reason(Frame frame, Bytes payload) {
        if ((frame.flags() & Netlink.NLM_F_ACK_TLVS) == 0) {
            return Optional.empty();
        }
        boolean capped = (frame.flags() & Netlink.NLM_F_CAPPED) != 0;
        long quoted = capped ? Header.SIZE : payload.unsignedInt(ErrorHeader.REQUEST + Header.LENGTH);
        if (quoted < Header.SIZE || quoted > payload.size()) {
            throw new MalformedMessageException("an acknowledgement that quotes %d bytes".formatted(quoted));
        }
        return message(payload, ErrorHeader.REQUEST + Netlink.align((int) quoted));
    }

    private static Optional<String> message(Bytes payload, int from) {
        return Attributes.of(payload, from, Netlink.NLMSGERR_ATTR_MSG + 1)
                .find(Netlink.NLMSGERR_ATTR_MSG)
                .map(text -> text.text(0, text.size()));
    }
}
