package io.ipsecxdp.bpf;

/** In which mode XDP is wanted on an interface. */
public enum WantedXdpMode {
    /** Native, else generic. */
    AUTO,
    /** In the driver, before the kernel allocates a packet buffer; or not at all. */
    NATIVE,
    /** In the kernel's receive path, slower, on any interface. */
    GENERIC
}
