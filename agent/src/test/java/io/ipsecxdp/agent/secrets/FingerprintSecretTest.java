package io.ipsecxdp.agent.secrets;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.KeyLayout;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FingerprintSecretTest {

    private static final KeyLayout AEAD = new KeyLayout(16, 4, 0);
    private static final KeyLayout COUNTER_MODE_AND_HMAC = new KeyLayout(16, 4, 32);

    private static Optional<String> fingerprint(int secret, byte[] entry, KeyLayout layout) {
        byte[] bytes = new byte[32];
        Arrays.fill(bytes, (byte) secret);
        try (KeyMaterial common = KeyMaterial.takeFrom(bytes)) {
            return FingerprintSecret.fingerprint(common, entry, layout);
        }
    }

    private static byte[] entry(int length) {
        byte[] entry = new byte[length];
        for (int i = 0; i < length; i++) {
            entry[i] = (byte) i;
        }
        return entry;
    }

    @Test
    void itIs128BitsOfTheEncryptionKeyAndTheSalt() {
        byte[] entry = entry(20);
        byte[] otherSalt = entry(20);
        otherSalt[19]++;

        assertThat(fingerprint(1, entry, AEAD).orElseThrow()).matches("[0-9a-f]{32}");
        assertThat(fingerprint(1, otherSalt, AEAD)).isNotEqualTo(fingerprint(1, entry, AEAD));
        assertThat(entry).as("stays the caller's").isEqualTo(entry(20));
    }

    @Test
    void anotherIntegrityKeyDoesNotHideThatTheEncryptionKeysAreEqual() {
        byte[] other = entry(52);
        other[51]++;

        assertThat(fingerprint(1, other, COUNTER_MODE_AND_HMAC))
                .isEqualTo(fingerprint(1, entry(52), COUNTER_MODE_AND_HMAC))
                .isEqualTo(fingerprint(1, entry(20), AEAD));
    }

    @Test
    void underAnotherSecretItIsAnother() {
        assertThat(fingerprint(2, entry(20), AEAD)).isNotEqualTo(fingerprint(1, entry(20), AEAD));
    }

    @Test
    void whatDoesNotEncryptHasNone() {
        assertThat(fingerprint(1, entry(32), new KeyLayout(0, 0, 32))).isEmpty();
    }
}
