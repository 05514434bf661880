package io.ipsecxdp.agent.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipsecxdp.xfrm.KeyMaterial;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class FingerprintMacTest {

    /** RFC 4231, test cases 2 and 1: one after the other, and the first once more. */
    @Test
    void theFingerprintIsHmacSha256WhateverWasMadeBefore() {
        FingerprintMac jefe = under(bytes("Jefe"));
        FingerprintMac other = under(HexFormat.of().parseHex("0b".repeat(20)));
        String first = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        String second = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";

        assertThat(hex(jefe, "what do ya want for nothing?")).isEqualTo(first);
        assertThat(hex(other, "Hi There")).isEqualTo(second);
        assertThat(hex(jefe, "Hi There")).isNotEqualTo(second);
        assertThat(hex(jefe, "what do ya want for nothing?")).isEqualTo(first);
    }

    @Test
    void aFingerprintHas64LowerCaseHexadecimalDigits() {
        String right = "0123456789abcdef".repeat(4);
        assertThat(new KeyFingerprint(right).hex()).isEqualTo(right);
        for (String wrong : List.of(
                "",
                right.substring(1),
                right + "0",
                right.replace('f', 'F'),
                right.replace('9', 'g'),
                right.replace('0', '/'),
                right.replace('9', ':'),
                right.replace('a', '`'))) {
            assertThatThrownBy(() -> new KeyFingerprint(wrong)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static FingerprintMac under(byte[] secret) {
        try (KeyMaterial material = KeyMaterial.takeFrom(secret)) {
            return FingerprintMac.under(material);
        }
    }

    private static String hex(FingerprintMac mac, String key) {
        try (KeyMaterial material = KeyMaterial.takeFrom(bytes(key))) {
            return mac.of(material).hex();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
