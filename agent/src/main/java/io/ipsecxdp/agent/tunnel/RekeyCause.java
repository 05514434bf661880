package io.ipsecxdp.agent.tunnel;

/** Why a node makes new keys. */
public enum RekeyCause {
    /** It has none: it is new, or was booted. */
    NO_KEY,
    /** The window of the interval has come. */
    TIME,
    /** An SA has encrypted what a key should at most, or its sequence number nears its end. */
    VOLUME,
    /** An SA is gone from the kernel, and with it how far its key was used. */
    LOST_SA,
    /** The state folder is another one, and with the old one is lost which keys were used. */
    LOST_LEDGER,
    /** The pre-shared key of a tunnel is another one. */
    PRESHARED_KEY,
    /** By hand. */
    ASKED
}
