package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.XfrmException;

/** Bytes that are no netlink message of XFRM. */
public final class MalformedMessageException extends XfrmException {

    MalformedMessageException(String what) {
        super("The kernel sent an XFRM message that makes no sense: " + what);
    }

    MalformedMessageException(IllegalArgumentException cause) {
        super("The kernel sent an XFRM message that makes no sense: " + cause.getMessage(), cause);
    }
}
