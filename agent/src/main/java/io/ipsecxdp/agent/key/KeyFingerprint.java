package io.ipsecxdp.agent.key;

/**
 * A keyed hash of a key, made by {@link KeyMaterial#fingerprint}: equal keys have equal fingerprints on one node.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record KeyFingerprint(String hex) {

    private static final int HEX_DIGITS = 64;

    public KeyFingerprint {
        if (!hex.matches("[0-9a-f]{" + HEX_DIGITS + "}")) {
            throw new IllegalArgumentException("A key fingerprint has " + HEX_DIGITS + " hexadecimal digits");
        }
    }

    /** By hand, as equals: a record's own takes many times as long in a JVM that stops at C1. */
    @Override
    public int hashCode() {
        return hex.hashCode();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyFingerprint fingerprint && hex.equals(fingerprint.hex);
    }

    @Override
    public String toString() {
        return hex;
    }
}
