package io.ipsecxdp.agent.ledger;

/**
 * A keyed hash of a key, made by {@link FingerprintMac}: equal keys have equal fingerprints on one node.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record KeyFingerprint(String hex) {

    private static final int HEX_DIGITS = 64;

    public KeyFingerprint {
        if (hex.length() != HEX_DIGITS || !isHexadecimal(hex)) {
            throw new IllegalArgumentException("A key fingerprint has " + HEX_DIGITS + " hexadecimal digits");
        }
    }

    /** Ten thousand are made after a flush: a regular expression takes as long as half of the hash. */
    private static boolean isHexadecimal(String text) {
        for (int i = 0; i < text.length(); i++) {
            char digit = text.charAt(i);
            if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f')) {
                return false;
            }
        }
        return true;
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
