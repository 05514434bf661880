package io.ipsecxdp.xfrm;

/** The kernel could not be asked, or gave an answer that has no meaning. The message is a sentence for a user. */
public class XfrmException extends RuntimeException {

    public XfrmException(String message) {
        super(message);
    }

    public XfrmException(String message, Throwable cause) {
        super(message, cause);
    }
}
