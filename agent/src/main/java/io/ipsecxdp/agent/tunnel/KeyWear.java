package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.xfrm.LifetimeCounters;
import io.ipsecxdp.xfrm.ObservedSa;

/** When the key of an SA that sends has done all that one key should. The kernel's counters tell; no clock does. */
final class KeyWear {
    /** Where a limit is strict, new keys are agreed with an eighth of it left, for what is sent until they are in use. */
    private static final int EIGHTHS = 7;

    private static final int BLOCK_BYTES = 16;

    /** With one key of an AEAD, 2^36 blocks (draft-irtf-cfrg-aead-limits). */
    static final long MOST_BLOCKS = EIGHTHS * (1L << 36) / 8;

    /** The last block of a packet need not be full, and what is authenticated alone is one more. */
    private static final int BLOCKS_BESIDES = 2;

    /** Sequence numbers of 64 bits, unsigned, and of 32 bits. */
    static final long HIGHEST_ESN = EIGHTHS * (1L << 61);

    static final long HIGHEST_SEQUENCE = EIGHTHS * (1L << 29);

    private KeyWear() {}

    /** @param bytes how much the tunnel lets an SA encrypt */
    static boolean isWorn(ObservedSa sa, long bytes) {
        return sa.counters().bytes() >= bytes || blocks(sa.counters()) >= MOST_BLOCKS || isNearItsEnd(sa);
    }

    private static long blocks(LifetimeCounters sent) {
        return sent.bytes() / BLOCK_BYTES + BLOCKS_BESIDES * sent.packets();
    }

    private static boolean isNearItsEnd(ObservedSa sa) {
        return Long.compareUnsigned(sa.replay().lastSent(), sa.esn() ? HIGHEST_ESN : HIGHEST_SEQUENCE) >= 0;
    }
}
