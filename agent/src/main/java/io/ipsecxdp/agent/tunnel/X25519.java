package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.xfrm.KeyMaterial;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import java.util.Arrays;
import javax.crypto.KeyAgreement;

/**
 * The function X25519 (RFC 7748, section 5), by the JDK. A private value is 32 random bytes (section 6.1). The JDK gets a copy for
 * the time of a calculation, in objects of its own that nobody can wipe: they die with the next garbage collection.
 */
final class X25519 {
    static final int LENGTH = 32;

    private static final String ALGORITHM = "X25519";
    private static final BigInteger BASE_POINT = BigInteger.valueOf(9);

    private X25519() {}

    static KeyMaterial newPrivateValue() {
        return KeyMaterial.random(LENGTH);
    }

    static byte[] publicValue(KeyMaterial privateValue) {
        try {
            return multiply(privateValue, BASE_POINT);
        } catch (InvalidKeyException e) {
            throw new IllegalStateException("the base point has no small order", e);
        }
    }

    /**
     * What two nodes have in common.
     *
     * @throws IllegalArgumentException if the public value is none: of another length, or one with which every private value
     *     comes to zero (RFC 7748, section 6.1)
     */
    static KeyMaterial agree(KeyMaterial privateValue, byte[] publicValue) {
        if (publicValue.length != LENGTH) {
            throw new IllegalArgumentException("a public value of X25519 has 32 bytes");
        }
        byte[] shared;
        try {
            shared = multiply(privateValue, coordinate(publicValue));
        } catch (InvalidKeyException e) {
            throw new IllegalArgumentException("the public value is a point of small order", e);
        }
        if (Arrays.equals(shared, new byte[LENGTH])) {
            throw new IllegalArgumentException("the public value is a point of small order");
        }
        return KeyMaterial.takeFrom(shared);
    }

    private static byte[] multiply(KeyMaterial scalar, BigInteger u) throws InvalidKeyException {
        byte[] copy = scalar.copy();
        try {
            KeyFactory keys = KeyFactory.getInstance(ALGORITHM);
            KeyAgreement agreement = KeyAgreement.getInstance(ALGORITHM);
            agreement.init(keys.generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, copy)));
            agreement.doPhase(keys.generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, u)), true);
            return agreement.generateSecret();
        } catch (InvalidKeyException e) {
            throw e;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform from 11 on has X25519", e);
        } finally {
            Arrays.fill(copy, (byte) 0);
        }
    }

    /** RFC 7748, section 5: little-endian, and the highest bit does not count. */
    private static BigInteger coordinate(byte[] publicValue) {
        byte[] bigEndian = new byte[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            bigEndian[i] = publicValue[LENGTH - 1 - i];
        }
        bigEndian[0] &= 0x7f;
        return new BigInteger(1, bigEndian);
    }
}
