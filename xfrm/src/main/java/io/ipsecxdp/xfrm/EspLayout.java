package io.ipsecxdp.xfrm;

/**
 * How ESP lays packets out (RFC 4303 section 2), and so how long one may be. Linux computes the same
 * ({@code xfrm_state_mtu} in net/xfrm/xfrm_state.c, {@code esp_init_state} in net/ipv4/esp4.c and net/ipv6/esp6.c).
 *
 * @param added bytes before what is encrypted that the packet did not have: outer IP header, UDP header, SPI, sequence
 *     number and IV
 * @param kept bytes at the start of the packet that stay in front of these: its own IP header in transport mode
 * @param block what is encrypted, with the two bytes of the trailer, is padded to a multiple of this
 * @param icv bytes of the integrity check value
 */
public record EspLayout(int added, int kept, int block, int icv) {

    private static final int UDP_HEADER = 8;

    /** SPI and sequence number; of a sequence number of 64 bits, half is on the wire. */
    private static final int ESP_HEADER = 8;

    /** Pad length and next header. */
    private static final int TRAILER = 2;

    /** RFC 4303 section 2.4: the ICV begins at a multiple of four bytes, whatever the cipher. */
    private static final int ALIGNMENT = 4;

    /** RFC 4106 section 3.1, RFC 4309 section 3.1, RFC 4543 section 3.1, RFC 7634 section 2, RFC 3686 section 3.1. */
    private static final int COUNTER_IV = 8;

    private static final int AES_BLOCK = 16;

    /**
     * Of SAs in mode TUNNEL or TRANSPORT.
     *
     * @param family of the addresses of the SAs
     * @param algorithms known here ({@link Aead#known}, {@link Cipher#known})
     */
    public static EspLayout of(Mode mode, AddressFamily family, Algorithms algorithms, boolean inUdp) {
        int header = ipHeader(family);
        int outer = switch (mode) {
            case TUNNEL -> header;
            case TRANSPORT -> 0;
            default -> throw new IllegalArgumentException("The layout of mode %s is not known".formatted(mode));
        };
        return new EspLayout(
                outer + (inUdp ? UDP_HEADER : 0) + ESP_HEADER + iv(algorithms),
                header - outer,
                block(algorithms),
                icvBits(algorithms) / Byte.SIZE);
    }

    /** How long the packet is on the wire that carries one of this length. */
    public int lengthOf(int packet) {
        return kept + added + roundUp(packet - kept + TRAILER) + icv;
    }

    /** The largest packet that is carried in one of this length or less; RFC 4303 section 2.4 is about the padding. */
    public int largestWithin(int mtu) {
        int encrypted = mtu - kept - added - icv;
        return kept + encrypted - Math.floorMod(encrypted, block) - TRAILER;
    }

    private int roundUp(int bytes) {
        return (bytes + block - 1) / block * block;
    }

    private static int ipHeader(AddressFamily family) {
        return switch (family) {
            case IPV4 -> 20;
            case IPV6 -> 40;
        };
    }

    private static int iv(Algorithms algorithms) {
        return switch (algorithms) {
            case Aead aead -> COUNTER_IV;
            case CipherAndIntegrity separate -> {
                Cipher cipher = separate.cipher().orElse(Cipher.NULL);
                yield cipher.equals(Cipher.NULL) ? 0 : isCbc(cipher) ? AES_BLOCK : COUNTER_IV;
            }
        };
    }

    private static int block(Algorithms algorithms) {
        return switch (algorithms) {
            case Aead aead -> ALIGNMENT;
            case CipherAndIntegrity separate ->
                separate.cipher().filter(EspLayout::isCbc).isPresent() ? AES_BLOCK : ALIGNMENT;
        };
    }

    private static int icvBits(Algorithms algorithms) {
        return switch (algorithms) {
            case Aead aead -> aead.icvBits();
            case CipherAndIntegrity separate ->
                separate.integrity().map(AuthAlgorithm::icvBits).orElse(0);
        };
    }

    private static boolean isCbc(Cipher cipher) {
        return cipher.kernelName().startsWith("cbc(");
    }
}
