package io.ipsecxdp.xfrm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lengths of ESP packets by RFC 4303; {@code XfrmPacketsIT} compares them with those of a kernel. */
class EspLayoutTest {

    @Provide
    Arbitrary<Algorithms> algorithms() {
        List<Algorithms> all = new ArrayList<>(Aead.known());
        Cipher.known()
                .forEach(cipher ->
                        AuthAlgorithm.known().forEach(integrity -> all.add(CipherAndIntegrity.of(cipher, integrity))));
        return Arbitraries.of(all);
    }

    @Provide
    Arbitrary<Mode> modes() {
        return Arbitraries.of(Mode.TUNNEL, Mode.TRANSPORT);
    }

    @Property
    void theLargestFitsAndOneByteMoreDoesNot(
            @ForAll("modes") Mode mode,
            @ForAll AddressFamily family,
            @ForAll("algorithms") Algorithms algorithms,
            @ForAll boolean inUdp,
            @ForAll @IntRange(min = 576, max = 65_535) int mtu) {
        EspLayout layout = EspLayout.of(mode, family, algorithms, inUdp);

        int largest = layout.largestWithin(mtu);

        assertThat(layout.lengthOf(largest)).isLessThanOrEqualTo(mtu);
        assertThat(layout.lengthOf(largest + 1)).isGreaterThan(mtu);
    }

    /** Counted by hand: headers, IV, what is encrypted with its padding and the two bytes of the trailer, ICV. */
    @ParameterizedTest
    @CsvSource({
        // 20 + 8 + 8 + (1446 + 2) + 16 = 1500
        "TUNNEL,    IPV4, false, 1500, 1446",
        // 40 + 8 + 8 + (1426 + 2) + 16 = 1500
        "TUNNEL,    IPV6, false, 1500, 1426",
        // 20 + 8 + 8 + 8 + (1438 + 2) + 16 = 1500
        "TUNNEL,    IPV4, true,  1500, 1438",
        // 20 + 8 + 8 + (1446 + 2) + 16 = 1500, and the first 20 are the packet's own: 1466
        "TRANSPORT, IPV4, false, 1500, 1466",
        // 40 + 8 + 8 + (1426 + 2) + 16 = 1500, and the first 40 are the packet's own: 1466
        "TRANSPORT, IPV6, false, 1500, 1466",
        // 1503 has room for three bytes more, and padding is to four
        "TUNNEL,    IPV4, false, 1503, 1446",
        "TUNNEL,    IPV4, false, 1504, 1450",
        "TUNNEL,    IPV4, false, 9001, 8946"
    })
    void whatFitsWithAesGcm(Mode mode, AddressFamily family, boolean inUdp, int mtu, int fits) {
        assertThat(EspLayout.of(mode, family, Aead.aesGcm(256, 128), inUdp).largestWithin(mtu))
                .isEqualTo(fits);
    }

    @Test
    void aShorterIcvLeavesRoom() {
        assertThat(EspLayout.of(Mode.TUNNEL, AddressFamily.IPV4, Aead.aesCcm(128, 64), false)
                        .largestWithin(1500))
                .isEqualTo(1454);
    }

    /** 20 + 8 + 16 + (1438 + 2) + 16 = 1500, and 1440 is 90 blocks. */
    @Test
    void cbcPadsToItsBlock() {
        EspLayout layout = EspLayout.of(
                Mode.TUNNEL,
                AddressFamily.IPV4,
                CipherAndIntegrity.of(Cipher.aesCbc(256), AuthAlgorithm.HMAC_SHA2_256_128),
                false);

        assertThat(layout.largestWithin(1500)).isEqualTo(1438);
        assertThat(layout.largestWithin(1515)).isEqualTo(1438);
        assertThat(layout.largestWithin(1516)).isEqualTo(1454);
    }

    @Test
    void ofOtherModesNothingIsSaid() {
        assertThatThrownBy(() -> EspLayout.of(Mode.IPTFS, AddressFamily.IPV4, Aead.chaCha20Poly1305(), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("IPTFS");
    }
}
