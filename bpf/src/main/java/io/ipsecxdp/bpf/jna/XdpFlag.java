package io.ipsecxdp.bpf.jna;

/** Where an XDP program is attached (XDP_FLAGS_* of include/uapi/linux/if_link.h). */
public enum XdpFlag {
    GENERIC(1 << 1),
    NATIVE(1 << 2);

    private final int bits;

    XdpFlag(int bits) {
        this.bits = bits;
    }

    int bits() {
        return bits;
    }
}
