package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.xfrm.KeyMaterial;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HKDF with SHA-256 (RFC 5869). Whoever calls wipes what they put in and get out. */
final class Hkdf {
    private static final String MAC = "HmacSHA256";

    static final int HASH_LENGTH = 32;

    /** RFC 5869, section 2.3: the counter is one octet. */
    private static final int MAX_LENGTH = 255 * HASH_LENGTH;

    private Hkdf() {}

    /** RFC 5869, section 2.2: a pseudorandom key of what is secret, and a salt that need not be. */
    static KeyMaterial extract(byte[] salt, KeyMaterial secret) {
        byte[] copy = secret.copy();
        try {
            // An empty salt stands for one of zeros, which HMAC pads a key with anyway; SecretKeySpec takes no empty
            // key
            return KeyMaterial.takeFrom(
                    mac(salt.length == 0 ? new byte[HASH_LENGTH] : salt).doFinal(copy));
        } finally {
            Arrays.fill(copy, (byte) 0);
        }
    }

    /** RFC 5869, section 2.3: {@code length} bytes that nobody can tell from random ones, others for each {@code info}. */
    static KeyMaterial expand(KeyMaterial pseudorandomKey, byte[] info, int length) {
        if (length > MAX_LENGTH) {
            throw new IllegalArgumentException("HKDF yields at most %d bytes".formatted(MAX_LENGTH));
        }
        byte[] key = pseudorandomKey.copy();
        byte[] out = new byte[length];
        byte[] block = new byte[0];
        try {
            Mac mac = mac(key);
            for (int done = 0, counter = 1; done < length; done += HASH_LENGTH, counter++) {
                mac.update(block);
                mac.update(info);
                mac.update((byte) counter);
                Arrays.fill(block, (byte) 0);
                block = mac.doFinal();
                System.arraycopy(block, 0, out, done, Math.min(HASH_LENGTH, length - done));
            }
            return KeyMaterial.takeFrom(out);
        } finally {
            Arrays.fill(key, (byte) 0);
            Arrays.fill(block, (byte) 0);
        }
    }

    private static Mac mac(byte[] key) {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(new SecretKeySpec(key, MAC));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HMAC with SHA-256", e);
        }
    }
}
