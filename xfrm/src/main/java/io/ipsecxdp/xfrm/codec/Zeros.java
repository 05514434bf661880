package io.ipsecxdp.xfrm.codec;

import java.nio.ByteBuffer;

/** Overwrites what may have been a key. */
public final class Zeros {

    private static final byte[] ZEROS = new byte[4096];

    private Zeros() {}

    /** Writes zeros from offset {@code from} to before offset {@code to}. */
    public static void fill(ByteBuffer buffer, int from, int to) {
        for (int at = from; at < to; at += ZEROS.length) {
            buffer.put(at, ZEROS, 0, Math.min(ZEROS.length, to - at));
        }
    }
}
