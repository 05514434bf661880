package io.ipsecxdp.agent.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipsecxdp.agent.tunnel.PairSecret.Party;
import io.ipsecxdp.agent.tunnel.PairSecret.Which;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How keys come to be: the vectors of RFC 5869 and 7748, and what must differ and what must not. */
class KeysOfATunnelTest {
    private static final HexFormat HEX = HexFormat.of();
    private static final String CIPHER = "ENCR_AES_GCM_16/256";

    /** RFC 5869, appendix A.1 to A.3. */
    @ParameterizedTest
    @CsvSource({
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b, 000102030405060708090a0b0c, f0f1f2f3f4f5f6f7f8f9, 42, "
                + "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5, "
                + "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435"
                + "363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f, "
                + "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f90919293"
                + "9495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf, "
                + "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3"
                + "e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff, 82, "
                + "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244, "
                + "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da327560"
                + "0c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b, '', '', 42, "
                + "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04, "
                + "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    })
    void hkdfIsThatOfRfc5869(String secret, String salt, String info, int length, String extracted, String expanded) {
        KeyMaterial key = Hkdf.extract(HEX.parseHex(salt), material(secret));

        assertThat(hex(key)).isEqualTo(extracted);
        assertThat(hex(Hkdf.expand(key, HEX.parseHex(info), length))).isEqualTo(expanded);
    }

    /** RFC 7748, section 5.2. */
    @ParameterizedTest
    @CsvSource({
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4, "
                + "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c, "
                + "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d, "
                + "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493, "
                + "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
    })
    void x25519IsThatOfRfc7748(String scalar, String u, String result) {
        assertThat(hex(X25519.agree(material(scalar), HEX.parseHex(u)))).isEqualTo(result);
    }

    /** RFC 7748, section 6.1. */
    @Test
    void aliceAndBobAgree() {
        String alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
        String bob = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";

        byte[] ofAlice = X25519.publicValue(material(alice));
        byte[] ofBob = X25519.publicValue(material(bob));

        assertThat(HEX.formatHex(ofAlice))
                .isEqualTo("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        assertThat(HEX.formatHex(ofBob)).isEqualTo("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        assertThat(hex(X25519.agree(material(alice), ofBob)))
                .isEqualTo(hex(X25519.agree(material(bob), ofAlice)))
                .isEqualTo("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    }

    /** Points with which every private value comes to zero. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0000000000000000000000000000000000000000000000000000000000000000",
                "0100000000000000000000000000000000000000000000000000000000000000",
                "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "0102"
            })
    void aPublicValueThatIsNoneIsRefused(String publicValue) {
        assertThatThrownBy(() -> X25519.agree(X25519.newPrivateValue(), HEX.parseHex(publicValue)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void bothEndsComeToTheSameKeysAndNoTwoSasHaveOne() {
        KeyMaterial mine = X25519.newPrivateValue();
        KeyMaterial theirs = X25519.newPrivateValue();
        Party a = new Party("a", X25519.publicValue(mine));
        Party b = new Party("b", X25519.publicValue(theirs));
        Set<String> keys = new HashSet<>();
        int made = 0;
        for (Optional<KeyMaterial> psk : List.of(Optional.<KeyMaterial>empty(), Optional.of(KeyMaterial.random(32)))) {
            PairSecret here = PairSecret.of(mine, a, b, psk);
            PairSecret there = PairSecret.of(theirs, b, a, psk);
            for (Which sa : new Which[] {
                new Which("t", "a", "b", Optional.empty(), CIPHER),
                new Which("t", "b", "a", Optional.empty(), CIPHER),
                new Which("t", "a", "b", Optional.of(0), CIPHER),
                new Which("t", "a", "b", Optional.of(1), CIPHER),
                new Which("u", "a", "b", Optional.empty(), CIPHER),
                new Which("t", "a", "b", Optional.empty(), "ENCR_AES_CCM_16/256")
            }) {
                String key = hex(here.key(sa, 36));
                assertThat(key).isEqualTo(hex(there.key(sa, 36)));
                assertThat(here.spi(sa, 0, 1L << 31))
                        .isEqualTo(there.spi(sa, 0, 1L << 31))
                        .isBetween(256L, 0xffff_ffffL);
                assertThat(here.spi(sa, 1, 1L << 31)).isNotEqualTo(here.spi(sa, 0, 1L << 31));
                keys.add(key);
                made++;
            }
        }
        assertThat(keys).hasSize(made);
    }

    @Test
    void aSecretIsNotPrinted() {
        KeyMaterial mine = X25519.newPrivateValue();
        Party other = new Party("b", X25519.publicValue(X25519.newPrivateValue()));

        assertThat(PairSecret.of(mine, new Party("a", X25519.publicValue(mine)), other, Optional.empty()))
                .hasToString("PairSecret[hidden]");
    }

    private static KeyMaterial material(String hex) {
        return KeyMaterial.takeFrom(HEX.parseHex(hex));
    }

    private static String hex(KeyMaterial key) {
        return HEX.formatHex(key.copy());
    }
}
