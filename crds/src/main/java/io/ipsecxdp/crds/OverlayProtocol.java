package io.ipsecxdp.crds;

/** What a CNI encapsulates in, by the number that IANA gave it. */
public enum OverlayProtocol {
    UDP(17),
    IPIP(4),
    GRE(47);

    private final int number;

    OverlayProtocol(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }
}
