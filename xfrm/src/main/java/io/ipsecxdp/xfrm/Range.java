package io.ipsecxdp.xfrm;

/** Bounds of the numbers that the kernel's structures can hold. */
final class Range {

    static final long UNSIGNED_32 = 0xffff_ffffL;

    static final int UNSIGNED_16 = 0xffff;

    /** {@code alg_name} holds 64 bytes, the last of them zero. */
    static final int LONGEST_ALGORITHM_NAME = 63;

    private Range() {}

    static void require(String what, long value, long lowest, long highest) {
        if (value < lowest || value > highest) {
            throw new IllegalArgumentException(
                    "The %s must be from %d to %d and is %d".formatted(what, lowest, highest, value));
        }
    }
}
