package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.XdpFlag;

/** In which mode XDP runs on an interface. */
public enum AttachedMode {
    NATIVE(XdpFlag.NATIVE),
    GENERIC(XdpFlag.GENERIC);

    private final XdpFlag flag;

    AttachedMode(XdpFlag flag) {
        this.flag = flag;
    }

    XdpFlag flag() {
        return flag;
    }

    boolean satisfies(WantedXdpMode wanted) {
        return switch (wanted) {
            case AUTO -> true;
            case NATIVE -> this == NATIVE;
            case GENERIC -> this == GENERIC;
        };
    }
}
