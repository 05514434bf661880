package io.ipsecxdp.agent.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelProgress;
import io.ipsecxdp.xfrm.SaDir;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Why a node makes new keys, and when there is no room for more: of a node with three generations that nobody has released. */
class RekeyCauseTest {
    private static final String TUNNEL = "t";
    private static final Instant NOON = Instant.parse("2030-01-01T12:00:00Z");
    private static final TunnelPeer SELF = peer("n1");
    private static final TunnelPeer OTHER = peer("n2");
    private static final TunnelSa OF_THE_NEWEST =
            new TunnelSa(new TunnelPair(TUNNEL, OTHER.uid()), SaDir.IN, "own3", "theirs", Optional.empty());

    @Test
    void aLostSaHasNoRoomForAFourthGeneration() {
        assertThat(decide(Optional.empty(), Set.of(OF_THE_NEWEST)).make()).isEmpty();
    }

    @Test
    void aChangedPresharedKeyHas() {
        assertThat(decide(Optional.of("k"), Set.of()).make()).contains(RekeyCause.PRESHARED_KEY);
    }

    /** Or each of two nodes waits for the other: one for its generations to be released, one for keys that fit its own. */
    @Test
    void aChangedPresharedKeyHasItAlsoWhereAnSaIsLost() {
        assertThat(decide(Optional.of("k"), Set.of(OF_THE_NEWEST)).make()).contains(RekeyCause.PRESHARED_KEY);
    }

    private static TunnelDecision decide(Optional<String> presharedKey, Set<TunnelSa> lost) {
        List<OwnGeneration> own = Stream.of(1, 2, 3)
                .map(i -> OwnGeneration.made("own" + i, NOON.plusSeconds(i), Map.of())
                        .publishedAt(i))
                .toList();
        return Agreement.decide(
                new TunnelInput(
                        new TunnelInput.Self(SELF.node(), SELF.uid(), "boot"),
                        List.of(new Membership(
                                PlannedPods.tunnel(TUNNEL, 3600, Optional.empty(), null),
                                SELF,
                                List.of(OTHER),
                                1,
                                presharedKey)),
                        Map.of(OTHER.uid(), PeerShare.first(share(List.of("theirs")), 4)),
                        4,
                        Optional.of(share(List.of("own1", "own2", "own3"))),
                        Set.of(),
                        lost,
                        Map.of(),
                        List.of(),
                        Set.of(),
                        false,
                        NOON.plusSeconds(4)),
                new TunnelMemory(own, Map.of(), Map.of(), Map.of()));
    }

    private static KeyShareSpec share(List<String> generations) {
        return new KeyShareSpec(
                "uid",
                "boot",
                generations.stream()
                        .map(key -> new KeyGeneration(key, NOON.toString(), List.of(), null))
                        .toList(),
                null,
                null,
                List.of(new TunnelProgress(TUNNEL, null, 1L, List.of(), 1L, List.of())),
                List.of());
    }

    private static TunnelPeer peer(String name) {
        return new TunnelPeer(name, name, List.of("10.0.0.1"), List.of(), 0, 1L, null);
    }
}
