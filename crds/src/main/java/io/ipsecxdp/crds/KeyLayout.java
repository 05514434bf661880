package io.ipsecxdp.crds;

/**
 * What an entry of a key Secret holds, in this order and with nothing between: the key for encryption, its salt, the key
 * for integrity. It is the order of KEYMAT (RFC 4301, section 4.5.2; RFC 7296, section 2.17).
 */
public record KeyLayout(int encryptionBytes, int saltBytes, int integrityBytes) {

    public int total() {
        return encryptionBytes + saltBytes + integrityBytes;
    }

    /** In words, for a person who has to make the Secret: {@code 36 bytes: a key of 32, then a salt of 4}. */
    @Override
    public String toString() {
        var parts = new StringBuilder();
        append(parts, encryptionBytes, "a key of");
        append(parts, saltBytes, "a salt of");
        append(parts, integrityBytes, "an integrity key of");
        return "%d bytes: %s".formatted(total(), parts);
    }

    private static void append(StringBuilder parts, int bytes, String what) {
        if (bytes > 0) {
            parts.append(parts.isEmpty() ? "" : ", then ")
                    .append(what)
                    .append(' ')
                    .append(bytes);
        }
    }
}
