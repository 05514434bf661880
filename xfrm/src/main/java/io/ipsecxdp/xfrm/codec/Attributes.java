package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.codec.Netlink.AttributeHeader;
import java.util.Optional;

/** The attributes that follow a message's structure. Types that nobody here reads are ignored. */
final class Attributes {

    private final Bytes[] payloads;

    private Attributes(Bytes[] payloads) {
        this.payloads = payloads;
    }

    /**
     * @param from where the first attribute begins
     * @param count types from here on are ignored
     */
    static Attributes of(Bytes message, int from, int count) {
        Bytes[] payloads = new Bytes[count];
        int at = from;
        while (message.size() - at >= AttributeHeader.SIZE) {
            int length = message.unsignedShort(at + AttributeHeader.LENGTH);
            if (length < AttributeHeader.SIZE || length > message.size() - at) {
                throw new MalformedMessageException(
                        "an attribute of %d bytes with %d left".formatted(length, message.size() - at));
            }
            int type = message.unsignedShort(at + AttributeHeader.TYPE) & Netlink.NLA_TYPE_MASK;
            if (type < count) {
                payloads[type] = message.slice(at + AttributeHeader.SIZE, length - AttributeHeader.SIZE);
            }
            at += Netlink.align(length);
        }
        return new Attributes(payloads);
    }

    boolean has(int type) {
        return payloads[type] != null;
    }

    Optional<Bytes> find(int type) {
        return Optional.ofNullable(payloads[type]);
    }

    Bytes require(int type) {
        return find(type).orElseThrow(() -> new MalformedMessageException("attribute " + type + " is missing"));
    }
}
