package io.ipsecxdp.xfrm;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SaTest {

    private static final Aead GCM = Aead.aesGcm(128, 128);

    private static Sa sa(long spi, SaDir direction, Mode mode, int window, boolean esn, String source) {
        return SaBuilder.builder()
                .id(SaId.esp(ip("192.0.2.2"), spi))
                .source(ip(source))
                .direction(direction)
                .mode(mode)
                .algorithms(GCM)
                .reqid(1)
                .replayWindow(window)
                .esn(esn)
                .build();
    }

    @Test
    void reservedSpisAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sa(255, SaDir.IN, Mode.TUNNEL, 32, false, "192.0.2.1"))
                .withMessage("The SPI must be from 256 to 4294967295 and is 255");
    }

    @Test
    void mixedFamiliesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sa(256, SaDir.IN, Mode.TUNNEL, 32, false, "2001:db8::1"))
                .withMessageContaining("one address family");
    }

    @Test
    void whoSendsHasNoReplayWindow() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sa(256, SaDir.OUT, Mode.TUNNEL, 32, false, "192.0.2.1"))
                .withMessage("The replay window must be from 0 to 0 and is 32");
    }

    @Test
    void whoReceivesExtendedSequenceNumbersNeedsAWindow() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sa(256, SaDir.IN, Mode.TUNNEL, 0, true, "192.0.2.1"))
                .withMessage("An inbound SA with ESN needs a replay window");
    }

    @Test
    void beetNeedsTheInnerAddresses() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sa(256, SaDir.IN, Mode.BEET, 32, false, "192.0.2.1"))
                .withMessage("BEET mode needs a selector with the two inner addresses");
    }

    @Test
    void modesThatNobodyCanAskForAreNotInstalled() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sa(256, SaDir.IN, Mode.IPTFS, 32, false, "192.0.2.1"))
                .withMessageContaining("IPTFS");
    }

    private static Sa protectedBy(IpProtocol protocol, Algorithms algorithms) {
        return SaBuilder.builder()
                .id(new SaId(ip("192.0.2.2"), protocol, 256, XfrmMark.NONE))
                .source(ip("192.0.2.1"))
                .direction(SaDir.OUT)
                .mode(Mode.TUNNEL)
                .algorithms(algorithms)
                .reqid(1)
                .replayWindow(0)
                .esn(true)
                .build();
    }

    @Test
    void ahDoesNotEncrypt() {
        assertThatIllegalArgumentException().isThrownBy(() -> protectedBy(IpProtocol.AH, GCM));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> protectedBy(
                        IpProtocol.AH, CipherAndIntegrity.of(Cipher.aesCbc(256), AuthAlgorithm.HMAC_SHA2_256_128)))
                .withMessage("AH does not encrypt");
    }

    @Test
    void espWithoutIntegrityIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> protectedBy(
                        IpProtocol.ESP, new CipherAndIntegrity(Optional.of(Cipher.aesCbc(256)), Optional.empty())))
                .withMessage("An SA needs integrity, also where it encrypts");
    }

    @Test
    void espWithoutEncryptionIsAskedForByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> protectedBy(IpProtocol.ESP, CipherAndIntegrity.of(AuthAlgorithm.HMAC_SHA2_256_128)))
                .withMessageContaining("NULL encryption");
        assertThat(protectedBy(IpProtocol.ESP, CipherAndIntegrity.of(Cipher.NULL, AuthAlgorithm.HMAC_SHA2_256_128))
                        .algorithms()
                        .keyBytes())
                .isEqualTo(32);
    }

    @Test
    void aFlagOfTheOtherDirectionIsRefused() {
        Sa sa = sa(256, SaDir.OUT, Mode.TUNNEL, 0, false, "192.0.2.1");
        SaOptions options = SaOptions.NONE.withFlags(Set.of(SaFlag.DECAP_DSCP));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sa.withOptions(options))
                .withMessage("An outbound SA cannot have the flag DECAP_DSCP");
    }

    @Test
    void aKeyOfTheWrongLengthIsRefusedWithTheLengthThatIsNeeded() {
        Sa sa = sa(256, SaDir.OUT, Mode.TUNNEL, 0, false, "192.0.2.1");
        try (KeyMaterial tooLong = KeyMaterial.random(31)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Change.AddSa(sa, tooLong))
                    .withMessageContaining("needs a key of 20 bytes")
                    .withMessageNotContaining("31");
        }
    }

    @Test
    void withoutEsnTheSequenceNumberHas32Bits() {
        Sa sa = sa(256, SaDir.OUT, Mode.TUNNEL, 0, false, "192.0.2.1");
        try (KeyMaterial key = KeyMaterial.random(20)) {
            assertThatIllegalArgumentException().isThrownBy(() -> new Change.AddSa(sa, key, 1L << 32));
            assertThat(new Change.AddSa(sa, key, (1L << 32) - 1).lastSequence()).isEqualTo(0xffff_ffffL);
        }
    }

    @Test
    void aesGcmKeysHaveFourBytesOfSalt() {
        assertThat(Aead.aesGcmVariants())
                .extracting(Aead::keyBytes)
                .containsExactly(36, 36, 36, 28, 28, 28, 20, 20, 20);
    }
}
