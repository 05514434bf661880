package io.ipsecxdp.xfrm;

/** What the kernel tells to those who listen. */
public enum NotificationGroup {
    /** A packet needs an SA that does not exist. */
    ACQUIRE,
    /** A soft or hard lifetime has ended. */
    EXPIRE,
    /** SAs came or went. */
    SA,
    /** Policies came or went. */
    POLICY
}
