package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeaksTest {
    private static final byte[] KEY =
            HexFormat.of().parseHex("fb00ff10a3b4c5d6e7f80123456789abcdefdeadbeef0011223344556677889900aabbcc");
    private final Leaks leaks = new Leaks(List.of(secret(KEY)));

    @Test
    void aKeyIsFoundInEveryUsualNotation() {
        assertThat(leaks.isIn("key 0x" + HexFormat.of().formatHex(KEY))).isTrue();
        assertThat(leaks.isIn("key " + HexFormat.of().withUpperCase().formatHex(KEY)))
                .isTrue();
        assertThat(leaks.isIn("key " + HexFormat.ofDelimiter(":").formatHex(KEY)))
                .isTrue();
        assertThat(leaks.isIn("data: " + Base64.getEncoder().encodeToString(KEY)))
                .isTrue();
        assertThat(leaks.isIn("token=" + Base64.getUrlEncoder().encodeToString(KEY)))
                .isTrue();
        assertThat(leaks.isIn(java.util.Arrays.toString(KEY))).isTrue();
    }

    @Test
    void aKeyWithoutItsSaltIsFoundToo() {
        assertThat(leaks.isIn(HexFormat.of().formatHex(KEY, 0, 32))).isTrue();
    }

    @Test
    void anythingElseIsNoLeak() {
        assertThat(leaks.isIn("")).isFalse();
        assertThat(leaks.isIn(HexFormat.of().formatHex(KEY, 0, 8))).isFalse();
    }

    private static Secret secret(byte[] key) {
        return new SecretBuilder()
                .addToData("keymat", Base64.getEncoder().encodeToString(key))
                .build();
    }
}
