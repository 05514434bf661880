package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.codec.Layout.Algo;
import io.ipsecxdp.xfrm.codec.Layout.AlgoAead;
import io.ipsecxdp.xfrm.codec.Layout.AlgoAuth;
import io.ipsecxdp.xfrm.codec.Layout.ReplayStateEsn;
import io.ipsecxdp.xfrm.codec.Layout.UserSaInfo;
import io.ipsecxdp.xfrm.codec.Netlink.AttributeHeader;

/**
 * 64 bits that differ when something differs that an SA shows in a dump, counters included. The bytes of its keys take
 * no part, nor do the bits of its replay window: those change only when the numbers before them or the packets counted do,
 * and they are most of what is shown. To compute them takes a small part of the time that decoding takes.
 */
public final class SaDigest {

    private static final int TAKES_PART = -1;

    private SaDigest() {}

    /**
     * Reads NEWSA, as a dump has it.
     *
     * @throws MalformedMessageException if its attributes' lengths do not add up
     */
    public static long of(Frame frame) {
        Bytes message = frame.payload();
        long digest = 0;
        int begun = 0;
        int at = Netlink.align(UserSaInfo.SIZE);
        while (message.size() - at >= AttributeHeader.SIZE) {
            int length = message.unsignedShort(at + AttributeHeader.LENGTH);
            if (length < AttributeHeader.SIZE || length > message.size() - at) {
                throw new MalformedMessageException(
                        "an attribute of %d bytes with %d left".formatted(length, message.size() - at));
            }
            int rest = rest(message.unsignedShort(at + AttributeHeader.TYPE) & Netlink.NLA_TYPE_MASK);
            if (rest != TAKES_PART) {
                int end = Math.min(at + AttributeHeader.SIZE + rest, at + length);
                digest = message.digest(digest, begun, end - begun);
                begun = at + Netlink.align(length);
            }
            at += Netlink.align(length);
        }
        return begun < message.size() ? message.digest(digest, begun, message.size() - begun) : digest;
    }

    /** Where that begins in an attribute of this type which takes no part. */
    private static int rest(int type) {
        return switch (type) {
            case XfrmAttribute.ALG_AEAD -> AlgoAead.ALG_KEY;
            case XfrmAttribute.ALG_AUTH_TRUNC -> AlgoAuth.ALG_KEY;
            case XfrmAttribute.ALG_AUTH, XfrmAttribute.ALG_CRYPT, XfrmAttribute.ALG_COMP -> Algo.ALG_KEY;
            case XfrmAttribute.REPLAY_ESN_VAL -> ReplayStateEsn.BMP;
            default -> TAKES_PART;
        };
    }
}
