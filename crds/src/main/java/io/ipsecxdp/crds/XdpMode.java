package io.ipsecxdp.crds;

/** How the XDP program is attached to an interface. */
public enum XdpMode {
    /** Native if the driver can, else generic. */
    Auto,
    Native,
    Generic
}
