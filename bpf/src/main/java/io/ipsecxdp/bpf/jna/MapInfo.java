package io.ipsecxdp.bpf.jna;

/** What the kernel says of a map (struct bpf_map_info). */
public record MapInfo(int id, Shape shape) {
    /** What must be equal for a program to use the map in the place of its own. Sizes in bytes. */
    public record Shape(int type, int keySize, int valueSize, int maxEntries, int flags) {}
}
