package io.ipsecxdp.agent.steering;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.KnownSa;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.AsObserved;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MirroredSasTest {
    private static final Capabilities BLIND = new Capabilities(false, false, false, true);
    private static final Capabilities WITHOUT_OWNERS = new Capabilities(true, false, true, true);
    private static final Capabilities MODERN = new Capabilities(true, true, true, true);

    private static final int OURS = 0x1000;
    private static final int FOREIGN = 0x2000;
    private static final OptionalInt NONE = OptionalInt.empty();

    @Test
    void anSaGoesToItsDeclaredOwnerWhereTheKernelCanHoldNone() {
        assertThat(MirroredSas.of(desired(inbound(OURS, 1)), observed(seen(OURS, NONE)), BLIND))
                .containsExactly(known(OURS, OptionalInt.of(1)));
    }

    @Test
    void whatTheKernelSaysOfAnOwnerCounts() {
        assertThat(MirroredSas.of(desired(inbound(OURS, 1)), observed(seen(OURS, OptionalInt.of(0))), BLIND))
                .containsExactly(known(OURS, OptionalInt.of(0)));
    }

    @Test
    void withoutTheLookupAllSasAreKnownAndOnlyThoseInTheSad() {
        assertThat(MirroredSas.of(desired(inbound(OURS, 1), inbound(0x3000, 0)), observed(seen(FOREIGN, NONE)), BLIND))
                .containsExactly(known(FOREIGN, NONE));
    }

    @Test
    void withTheLookupOnlyOwnersAreTold() {
        assertThat(MirroredSas.of(
                        desired(inbound(OURS, 1)), observed(seen(OURS, NONE), seen(FOREIGN, NONE)), WITHOUT_OWNERS))
                .containsExactly(known(OURS, OptionalInt.of(1)));
    }

    @Test
    void theOwnerOfAnOutboundSaSaysNothingOfWhatIsReceived() {
        assertThat(MirroredSas.of(desired(sa(OURS, SaDir.OUT, 1)), observed(seen(OURS, NONE)), BLIND))
                .containsExactly(known(OURS, NONE));
    }

    @Test
    void aKernelThatKnowsBothIsToldNothing() {
        assertThat(MirroredSas.isNeeded(MODERN)).isFalse();
        assertThat(MirroredSas.isNeeded(BLIND)).isTrue();
        assertThat(MirroredSas.isNeeded(WITHOUT_OWNERS)).isTrue();
    }

    private static KnownSa known(int spi, OptionalInt cpu) {
        return new KnownSa(ip("192.0.2.2"), spi, 50, cpu);
    }

    private static DesiredSa inbound(int spi, int owner) {
        return sa(spi, SaDir.IN, owner);
    }

    private static DesiredSa sa(int spi, SaDir direction, int owner) {
        return new DesiredSa(
                "sa-" + spi,
                Origin.of("uid-" + spi),
                "slice",
                SaBuilder.builder()
                        .id(SaId.esp(ip("192.0.2.2"), spi))
                        .source(ip("192.0.2.1"))
                        .direction(direction)
                        .mode(Mode.TUNNEL)
                        .algorithms(Aead.aesGcm(256, 128))
                        .reqid(7)
                        .replayWindow(direction == SaDir.IN ? 64 : 0)
                        .ownerCpu(OptionalInt.of(owner))
                        .build(),
                new KeySource.InSecret(new Protection(null, null, null, new KeySecretRef("secret", "key"))));
    }

    @Test
    void ofTwoSetsTheMirrorIsToldTheDifferenceOnly() {
        KnownSa same = new KnownSa(ip("192.0.2.2"), 1, 50, OptionalInt.of(1));
        KnownSa before = new KnownSa(ip("192.0.2.2"), 2, 50, OptionalInt.of(0));
        KnownSa after = new KnownSa(ip("192.0.2.2"), 2, 50, OptionalInt.of(1));
        KnownSa gone = new KnownSa(ip("192.0.2.2"), 3, 50, OptionalInt.empty());
        KnownSa fresh = new KnownSa(ip("192.0.2.2"), 3, 51, OptionalInt.empty());

        assertThat(MirroredSas.difference(Set.of(same, before, gone), Set.of(same, after, fresh)))
                .isEqualTo(new MirroredSas.Difference(Set.of(after, fresh), Set.of(gone)));
    }

    private static Desired desired(DesiredSa... sas) {
        Map<Origin, DesiredSa> byUid = new LinkedHashMap<>();
        Arrays.stream(sas).forEach(sa -> byUid.put(sa.origin(), sa));
        return new Desired(Map.of(), byUid, Map.of(), Map.of(), Map.of());
    }

    private static Observed observed(ObservedSa... sas) {
        return Observed.of(List.of(sas), List.of());
    }

    private static ObservedSa seen(int spi, OptionalInt owner) {
        return AsObserved.larval(SaId.esp(ip("192.0.2.2"), spi), ip("192.0.2.1"), 7)
                .withOwnerCpu(owner);
    }
}
