package io.ipsecxdp.bpf;

/** What becomes of packets whose SPI no SA has. */
public enum UnknownSpiHandling {
    /** Passed and counted. */
    PASS(0),
    /** As {@link #PASS}, and who sends them is kept: {@link SteeredInterface#unknownTalkers}. */
    COUNT(1),
    /**
     * As {@link #COUNT}, and dropped where the kernel's own SAD has no such SA and the packet would not be forwarded;
     * never on the word of a mirror, never where the interface does not forward at all. Not for interfaces whose frames
     * may go elsewhere below the IP layer (ports of a bridge, parents of a macvlan), nor for nodes that have SAs with marks
     * other than that of the configuration: XDP cannot see which mark the packet will have.
     */
    DROP(2);

    private final int number;

    UnknownSpiHandling(int number) {
        this.number = number;
    }

    /** {@code enum unknown_spi} of maps.h. */
    int number() {
        return number;
    }
}
