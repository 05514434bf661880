package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.xfrm.KeyMaterial;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes what may be stored and compared in place of a key: HMAC-SHA-256 of it under a secret. Without that secret the
 * fingerprint cannot be used to test guesses.
 *
 * <p>It is made ready once for all keys, which takes as long as the fingerprint of one. For one thread at a time.
 */
public final class FingerprintMac {

    private static final String ALGORITHM = "HmacSHA256";

    private final Mac mac;

    private FingerprintMac(Mac mac) {
        this.mac = mac;
    }

    /** The secret stays the caller's to close. */
    public static FingerprintMac under(KeyMaterial secret) {
        byte[] copy = secret.copy();
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(copy, ALGORITHM));
            return new FingerprintMac(mac);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This Java has no " + ALGORITHM, e);
        } finally {
            Arrays.fill(copy, (byte) 0);
        }
    }

    public KeyFingerprint of(KeyMaterial key) {
        byte[] copy = key.copy();
        try {
            return new KeyFingerprint(HexFormat.of().formatHex(mac.doFinal(copy)));
        } finally {
            Arrays.fill(copy, (byte) 0);
        }
    }
}
