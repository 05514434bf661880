package io.ipsecxdp.agent.ledger;

import java.util.regex.Pattern;

/**
 * A keyed hash of a key, made by {@link FingerprintMac}: equal keys have equal fingerprints on one node.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record KeyFingerprint(String hex) {

    private static final int HEX_DIGITS = 64;
    private static final Pattern HEXADECIMAL = Pattern.compile("[0-9a-f]{%d}".formatted(HEX_DIGITS));

    public KeyFingerprint {
        if (!HEXADECIMAL.matcher(hex).matches()) {
            throw new IllegalArgumentException("A key fingerprint has " + HEX_DIGITS + " hexadecimal digits");
        }
    }

    @Override
    public String toString() {
        return hex;
    }
}
