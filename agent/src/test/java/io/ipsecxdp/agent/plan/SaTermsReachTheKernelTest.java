package io.ipsecxdp.agent.plan;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.IntegrityAlgorithm;
import io.ipsecxdp.crds.IpsecProtocol;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.LifetimeLimits;
import io.ipsecxdp.crds.Lifetimes;
import io.ipsecxdp.crds.Mark;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSaBuilder;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaTerms;
import io.ipsecxdp.crds.SaTermsBuilder;
import io.ipsecxdp.crds.TunnelHeader;
import io.ipsecxdp.crds.UdpEncapsulation;
import io.ipsecxdp.crds.WhenChanged;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Difference;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.codec.Frame;
import io.ipsecxdp.xfrm.codec.MessageWriter;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import io.ipsecxdp.xfrm.codec.XfrmEncoder;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is declared of an SA goes all the way: from the plan into the kernel's words and bytes, and back into what is compared. */
class SaTermsReachTheKernelTest {

    private static final SaTerms USUAL = SaTermsBuilder.builder()
            .withMode(SaMode.Tunnel)
            .withReqid(0x1000_0001L)
            .withReplayWindow(64)
            .withEsn(false)
            .build();

    /** For each term, SAs that differ in it alone. */
    private record Sample(SaTerms usual, SaTerms changed) {}

    private static final Map<String, Sample> SAMPLES = Map.ofEntries(
            entry("protocol", sample(terms -> terms.withProtocol(IpsecProtocol.AH))),
            entry("mode", sample(terms -> terms.withMode(SaMode.Transport))),
            entry("reqid", sample(terms -> terms.withReqid(0x1000_0002L))),
            entry("replayWindow", sample(terms -> terms.withReplayWindow(128))),
            entry("esn", sample(terms -> terms.withEsn(true))),
            entry(
                    "lifetime",
                    sample(terms ->
                            terms.withLifetime(new Lifetimes(null, new LifetimeLimits(1000L, null, null, null))))),
            entry(
                    "udpEncapsulation",
                    sample(terms -> terms.withUdpEncapsulation(new UdpEncapsulation(4500, 4500, null)))),
            entry("mark", sample(terms -> terms.withMark(new Mark(1L, 0xffL)))),
            entry("outputMark", sample(terms -> terms.withOutputMark(new Mark(2L, 0xffL)))),
            entry("interfaceId", sample(terms -> terms.withInterfaceId(3L))),
            entry("tunnelHeader", sample(terms -> terms.withTunnelHeader(new TunnelHeader(null, null, false, null)))),
            entry("icmpErrors", sample(terms -> terms.withIcmpErrors(true))),
            entry("sequenceMayWrap", sample(terms -> terms.withSequenceMayWrap(true))),
            entry("tfcPadding", sample(terms -> terms.withTfcPadding(1400))));

    private static Sample sample(UnaryOperator<SaTerms> change) {
        return sample(USUAL, change);
    }

    /** @param usual with what the term needs beside it */
    private static Sample sample(SaTerms usual, UnaryOperator<SaTerms> change) {
        return new Sample(usual, change.apply(usual));
    }

    static Stream<String> terms() {
        return Arrays.stream(SaTerms.class.getRecordComponents()).map(RecordComponent::getName);
    }

    @Test
    void everyTermIsTriedHere() {
        assertThat(SAMPLES.keySet()).containsExactlyInAnyOrderElementsOf(terms().toList());
    }

    @ParameterizedTest
    @MethodSource("terms")
    void everyTermReachesTheKernelAtOneEndOrBoth(String term) {
        assertThat(Arrays.stream(SaDirection.values()).flatMap(direction -> differences(term, direction).stream()))
                .isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("terms")
    void whatIsInstalledIsWhatWasPlanned(String term) {
        for (SaDirection direction : SaDirection.values()) {
            Sa planned = sa(SAMPLES.get(term).changed(), direction);

            assertThat(Differences.between(planned, readBack(planned), Kernels.MODERN))
                    .isEmpty();
        }
    }

    /** Else a user could change what makes the SA another one, or the kernel would be asked to change what it cannot. */
    @ParameterizedTest
    @MethodSource("terms")
    void aChangeIsAllowedExactlyWhereTheKernelMakesItInPlace(String term) {
        Set<String> properties = new HashSet<>();
        for (SaDirection direction : SaDirection.values()) {
            differences(term, direction).forEach(difference -> properties.add(difference.property()));
        }

        assertThat(properties.equals(Set.of(Differences.LIFETIME)))
                .isEqualTo(effect(term) == WhenChanged.Effect.IN_PLACE);
    }

    private static WhenChanged.Effect effect(String term) {
        return Arrays.stream(SaTerms.class.getRecordComponents())
                .filter(component -> component.getName().equals(term))
                .map(component -> component.getAnnotation(WhenChanged.class).value())
                .findFirst()
                .orElseThrow();
    }

    /** Between an SA with the usual terms, and what the kernel has with the other one. */
    private static List<Difference> differences(String term, SaDirection direction) {
        return Differences.between(
                sa(SAMPLES.get(term).usual(), direction),
                readBack(sa(SAMPLES.get(term).changed(), direction)),
                Kernels.MODERN);
    }

    private static Sa sa(SaTerms terms, SaDirection direction) {
        PlannedSa planned = PlannedSaBuilder.builder()
                .withName("a")
                .withUid("uid")
                .withGeneration(1L)
                .withDirection(direction)
                .withSource("10.0.0.1")
                .withDestination("10.0.0.2")
                .withSpi(0x1000L)
                .withEncryption(protection(terms))
                .withTerms(terms)
                .build();
        return new ToKernel(Map.of()).sa(planned, "slice").sa();
    }

    private static Protection protection(SaTerms terms) {
        KeySecretRef key = new KeySecretRef("keys", "a");
        return terms.ipsecProtocol() == IpsecProtocol.AH
                ? new Protection(null, null, IntegrityAlgorithm.AUTH_HMAC_SHA2_256_128, key)
                : Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 256, key);
    }

    private static ObservedSa readBack(Sa sa) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(XfrmEncoder.LARGEST_REQUEST);
        MessageWriter writer = new MessageWriter(buffer, 0);
        try (KeyMaterial key = KeyMaterial.random(sa.algorithms().keyBytes())) {
            new XfrmEncoder(writer).change(1, new Change.AddSa(sa, key), Kernels.MODERN);
        }
        return XfrmDecoder.sa(Frame.in(buffer, writer.length()).getFirst());
    }
}
