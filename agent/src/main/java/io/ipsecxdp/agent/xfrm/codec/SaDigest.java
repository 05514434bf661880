package io.ipsecxdp.agent.xfrm.codec;

import io.ipsecxdp.agent.xfrm.codec.Layout.Algo;
import io.ipsecxdp.agent.xfrm.codec.Layout.AlgoAead;
import io.ipsecxdp.agent.xfrm.codec.Layout.AlgoAuth;
import io.ipsecxdp.agent.xfrm.codec.Layout.UserSaInfo;
import io.ipsecxdp.agent.xfrm.codec.Netlink.AttributeHeader;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * 64 bits that differ when something differs that an SA shows in a dump, counters included. The bytes of its keys take
 * no part. To compute them takes a small part of the time that decoding takes. For one thread.
 */
public final class SaDigest {

    private static final int WITHOUT_KEY = -1;

    private final CRC32C one = new CRC32C();
    private final CRC32 other = new CRC32();

    /**
     * Reads NEWSA, as a dump has it.
     *
     * @throws MalformedMessageException if its attributes' lengths do not add up
     */
    public long of(Frame frame) {
        Bytes message = frame.payload();
        one.reset();
        other.reset();
        int begun = 0;
        int at = Netlink.align(UserSaInfo.SIZE);
        while (message.size() - at >= AttributeHeader.SIZE) {
            int length = message.unsignedShort(at + AttributeHeader.LENGTH);
            if (length < AttributeHeader.SIZE || length > message.size() - at) {
                throw new MalformedMessageException(
                        "an attribute of %d bytes with %d left".formatted(length, message.size() - at));
            }
            int key = key(message.unsignedShort(at + AttributeHeader.TYPE) & Netlink.NLA_TYPE_MASK);
            if (key != WITHOUT_KEY) {
                update(message, begun, Math.min(at + AttributeHeader.SIZE + key, at + length));
                begun = at + Netlink.align(length);
            }
            at += Netlink.align(length);
        }
        if (begun < message.size()) {
            update(message, begun, message.size());
        }
        return one.getValue() << Integer.SIZE | other.getValue();
    }

    private void update(Bytes message, int from, int to) {
        message.update(one, from, to - from);
        message.update(other, from, to - from);
    }

    /** Where the key begins in an attribute of this type. */
    private static int key(int type) {
        return switch (type) {
            case XfrmAttribute.ALG_AEAD -> AlgoAead.ALG_KEY;
            case XfrmAttribute.ALG_AUTH_TRUNC -> AlgoAuth.ALG_KEY;
            case XfrmAttribute.ALG_AUTH, XfrmAttribute.ALG_CRYPT, XfrmAttribute.ALG_COMP -> Algo.ALG_KEY;
            default -> WITHOUT_KEY;
        };
    }
}
