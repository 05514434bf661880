package io.ipsecxdp.agent.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.AsObserved;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.LifetimeCounters;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.ReplayState;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a key is used up, by what the kernel counts. */
class KeyWearTest {
    private static final long GIB = 1L << 30;

    /** draft-irtf-cfrg-aead-limits, as the API says it: 7/8 of 2^36. */
    private static final long MOST_BLOCKS = 7 * (1L << 33);

    private static ObservedSa sent(boolean esn, long bytes, long packets, long lastSent) {
        var sa = SaBuilder.builder()
                .id(SaId.esp(IpLiterals.parse("10.0.0.2"), 0x1000))
                .source(IpLiterals.parse("10.0.0.1"))
                .direction(SaDir.OUT)
                .mode(Mode.TUNNEL)
                .algorithms(Aead.of("rfc4106(gcm(aes))", 288, 128))
                .reqid(0x8000_0001L)
                .replayWindow(0)
                .esn(esn)
                .ownerCpu(OptionalInt.empty())
                .options(SaOptions.NONE)
                .build();
        return AsObserved.sa(sa, Kernels.MODERN, Instant.EPOCH)
                .withCounters(new LifetimeCounters(bytes, packets, Instant.EPOCH, Optional.empty()))
                .withReplay(new ReplayState(0, 0, lastSent));
    }

    @ParameterizedTest(name = "of {0} bytes {1}: {2}")
    @CsvSource({"1024, 1023, false", "1024, 1024, true", "1024, 99999, true"})
    void theVolumeOfTheTunnelCounts(long volume, long bytes, boolean worn) {
        assertThat(KeyWear.isWorn(sent(true, bytes, 1, 1), volume)).isEqualTo(worn);
    }

    /** A packet of 20 bytes has two blocks, and one that is authenticated alone: its bytes do not tell. */
    @Property
    void neverAreMoreBlocksEncryptedThanOneKeyShould(
            @ForAll @LongRange(min = 1, max = 9000) long bytesEach,
            @ForAll @LongRange(min = 1, max = 1L << 37) long packets) {
        long blocks = packets * (Math.ceilDiv(bytesEach, 16L) + 1);
        boolean worn = KeyWear.isWorn(sent(true, packets * bytesEach, packets, packets), 896 * GIB);

        assertThat(worn || blocks < MOST_BLOCKS).isTrue();
    }

    @ParameterizedTest(name = "ESN {0}, last sent {1}: {2}")
    @CsvSource({
        "false, 0, false",
        "false, 3758096383, false",
        "false, 3758096384, true",
        "false, 4294967295, true",
        "true, 4294967296, false",
        "true, 9223372036854775807, false",
        // Unsigned: 7/8 of 2^64 less one, that, and the last one
        "true, -2305843009213693953, false",
        "true, -2305843009213693952, true",
        "true, -1, true",
    })
    void anEighthOfTheSequenceNumbersIsLeft(boolean esn, long lastSent, boolean worn) {
        assertThat(KeyWear.isWorn(sent(esn, 0, 0, lastSent), 896 * GIB)).isEqualTo(worn);
    }
}
