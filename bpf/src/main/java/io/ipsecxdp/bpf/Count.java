package io.ipsecxdp.bpf;

/** Frames and their bytes, Ethernet header included. */
public record Count(long packets, long bytes) {
    public static final Count ZERO = new Count(0, 0);

    public Count plus(Count other) {
        return new Count(packets + other.packets, bytes + other.bytes);
    }
}
