package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.XfrmException;

/** Bytes that are no netlink message of XFRM. */
public final class MalformedMessageException extends XfrmException {

    private static final long serialVersionUID = 1;

    private final String what;

    MalformedMessageException(String what) {
        super(sentence(what));
        this.what = what;
    }

    MalformedMessageException(IllegalArgumentException cause) {
        super(sentence(cause.getMessage()), cause);
        this.what = cause.getMessage();
    }

    /** What makes no sense. */
    public String what() {
        return what;
    }

    private static String sentence(String what) {
        return "The kernel sent an XFRM message that makes no sense: " + what;
    }
}
