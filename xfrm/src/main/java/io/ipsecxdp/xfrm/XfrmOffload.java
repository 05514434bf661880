package io.ipsecxdp.xfrm;

/**
 * What a device does of the work of an SA.
 *
 * @param interfaceIndex of the device, from 1
 * @param packet whether the device does all of it, encapsulation and policies included, or cryptography alone
 */
public record XfrmOffload(int interfaceIndex, boolean packet) {

    public XfrmOffload {
        Range.require("interface index", interfaceIndex, 1, Integer.MAX_VALUE);
    }

    @Override
    public String toString() {
        return "%s by interface %d".formatted(packet ? "packet" : "crypto", interfaceIndex);
    }
}
