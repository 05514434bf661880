package io.ipsecxdp.xfrm;

/**
 * When the kernel warns of the end of an SA or policy (soft) and ends it (hard).
 *
 * @param bytes -1 (all ones) for no limit
 * @param packets -1 (all ones) for no limit
 * @param secondsSinceAdd 0 for no limit
 * @param secondsSinceUse 0 for no limit
 */
public record Lifetime(Limit bytes, Limit packets, Limit secondsSinceAdd, Limit secondsSinceUse) {

    /** One soft and one hard limit, unsigned 64 bits each. */
    public record Limit(long soft, long hard) {}

    /** {@code XFRM_INF} of linux/xfrm.h. */
    private static final Limit NO_AMOUNT = new Limit(-1, -1);

    private static final Limit NO_TIME = new Limit(0, 0);

    public static final Lifetime INFINITE = new Lifetime(NO_AMOUNT, NO_AMOUNT, NO_TIME, NO_TIME);

    /** Gone after {@code seconds}, whatever becomes of who installed it. */
    public static Lifetime ofSeconds(long seconds) {
        return new Lifetime(NO_AMOUNT, NO_AMOUNT, new Limit(0, seconds), NO_TIME);
    }
}
