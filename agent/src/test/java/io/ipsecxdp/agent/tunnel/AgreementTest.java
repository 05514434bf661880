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

/** Single decisions of a node with three generations that its peer has not released; {@link AgreementModelTest} has the rest. */
class AgreementTest {
    private static final String TUNNEL = "t";
    private static final String SEEN = "9";
    private static final Instant NOON = Instant.parse("2030-01-01T12:00:00Z");
    private static final TunnelPeer SELF = peer("n1");
    private static final TunnelPeer OTHER = peer("n2");
    private static final TunnelSa OF_THE_NEWEST = sa(SaDir.IN, "own3", "theirs2");

    @Test
    void aLostSaHasNoRoomForAFourthGeneration() {
        assertThat(make(Optional.empty(), Set.of(OF_THE_NEWEST))).isEmpty();
    }

    @Test
    void aChangedPresharedKeyHas() {
        assertThat(make(Optional.of("k"), Set.of())).contains(RekeyCause.PRESHARED_KEY);
    }

    /** Or each of two nodes waits for the other: one for its generations to be released, one for keys that fit its own. */
    @Test
    void aChangedPresharedKeyHasItAlsoWhereAnSaIsLost() {
        assertThat(make(Optional.of("k"), Set.of(OF_THE_NEWEST))).contains(RekeyCause.PRESHARED_KEY);
    }

    @Test
    void whoSendsByThePeersNewestReleasesWhatIsOlder() {
        assertThat(released("theirs2", NOON)).isEqualTo(SEEN);
    }

    @Test
    void whoSendsByAnOlderOneDoesNot() {
        assertThat(released("theirs1", NOON)).isNull();
    }

    /** Or the peer withdraws it, and loses what is sent by it. */
    @Test
    void whoSendsByAnOlderOneDoesNotWhereThePeersShareIsOfABackup() {
        assertThat(released("theirs1", NOON.plusSeconds(60))).isNull();
    }

    private static Optional<RekeyCause> make(Optional<String> presharedKey, Set<TunnelSa> lost) {
        return decide(presharedKey, Set.of(), lost, Map.of()).make();
    }

    /** @param newestKnown when the newest generation was made that the peer ever showed */
    private static String released(String theirs, Instant newestKnown) {
        TunnelSa outbound = sa(SaDir.OUT, "own1", theirs);
        return decide(Optional.empty(), Set.of(outbound), Set.of(), Map.of(OTHER.uid(), newestKnown))
                .share()
                .released();
    }

    private static TunnelDecision decide(
            Optional<String> presharedKey, Set<TunnelSa> kernel, Set<TunnelSa> lost, Map<String, Instant> newest) {
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
                        Map.of(OTHER.uid(), PeerShare.first(share(List.of("theirs1", "theirs2")), 9)),
                        Long.parseLong(SEEN),
                        Optional.of(share(List.of("own1", "own2", "own3"))),
                        kernel,
                        lost,
                        Map.of(),
                        List.of(),
                        Set.of(),
                        Optional.empty(),
                        NOON.plusSeconds(4)),
                new TunnelMemory(own, Map.of(), newest, Map.of()));
    }

    private static TunnelSa sa(SaDir direction, String own, String theirs) {
        return new TunnelSa(new TunnelPair(TUNNEL, OTHER.uid()), direction, own, theirs, Optional.empty());
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
