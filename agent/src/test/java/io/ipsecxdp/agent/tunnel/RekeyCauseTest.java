package io.ipsecxdp.agent.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.xfrm.SaDir;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** Why and when a node makes new keys. */
class RekeyCauseTest {
    private static final Instant BEGIN = Instant.parse("2030-01-01T00:00:00Z");
    /** In the middle of a window of an hour. */
    private static final Instant NOON = BEGIN.plusSeconds(1800);

    private static final TunnelSa SENDS =
            new TunnelSa(new TunnelPair("t", "uid-b"), SaDir.OUT, "own-1", "theirs", Optional.empty());
    private static final TunnelSa RECEIVES =
            new TunnelSa(new TunnelPair("t", "uid-b"), SaDir.IN, "own-1", "theirs", Optional.empty());

    private record Situation(
            String uid,
            long interval,
            List<OwnGeneration> own,
            Set<TunnelSa> kernel,
            Set<TunnelSa> lost,
            Set<TunnelSa> worn,
            Optional<String> presharedKey,
            boolean asked) {

        static Situation quiet(OwnGeneration... own) {
            return new Situation(
                    "uid-a", 3600, List.of(own), Set.of(SENDS, RECEIVES), Set.of(), Set.of(), Optional.empty(), false);
        }

        Situation with(Set<TunnelSa> nowLost, Set<TunnelSa> nowWorn, Optional<String> key, boolean isAsked) {
            return new Situation(uid, interval, own, kernel, nowLost, nowWorn, key, isAsked);
        }

        Optional<RekeyCause> causeAt(Instant now) {
            TunnelPeer self = new TunnelPeer("a", uid, List.of("10.0.0.1"), List.of(), 0, 1L, null);
            TunnelPeer peer = new TunnelPeer("b", "uid-b", List.of("10.0.0.2"), List.of(), 0, 2L, null);
            KeyShareSpec said = new KeyShareSpec(
                    "uid-b",
                    "boot",
                    List.of(new KeyGeneration("theirs", BEGIN.toString(), List.of(), null)),
                    "1",
                    "1",
                    List.of(),
                    List.of());
            var shown = new KeyShareSpec(
                    uid,
                    "boot",
                    own.stream()
                            .map(g ->
                                    new KeyGeneration(g.publicKey(), g.created().toString(), List.of(), null))
                            .toList(),
                    null,
                    null,
                    List.of(),
                    List.of());
            TunnelInput in = new TunnelInput(
                    new TunnelInput.Self("a", uid, "boot"),
                    List.of(new Membership(
                            PlannedPods.tunnel("t", interval, Optional.empty(), null),
                            self,
                            List.of(peer),
                            2,
                            presharedKey)),
                    Map.of("uid-b", PeerShare.first(said, 50)),
                    60,
                    Optional.of(shown),
                    kernel,
                    lost,
                    Map.of(),
                    List.of(),
                    worn,
                    Optional.of(RekeyCause.ASKED).filter(cause -> asked),
                    now);
            return Agreement.decide(in, new TunnelMemory(own, Map.of(), Map.of(), Map.of()))
                    .make();
        }
    }

    private static OwnGeneration generation(int number, Instant created) {
        return OwnGeneration.made("own-" + number, created, Map.of()).publishedAt(10 + number);
    }

    @Test
    void whileNothingHappensNoKeysAreMade() {
        assertThat(Situation.quiet(generation(1, NOON)).causeAt(NOON.plusSeconds(60)))
                .isEmpty();
    }

    @Test
    void anSaThatHasEncryptedEnoughMakesNewKeys() {
        assertThat(Situation.quiet(generation(1, NOON))
                        .with(Set.of(), Set.of(SENDS), Optional.empty(), false)
                        .causeAt(NOON.plusSeconds(60)))
                .contains(RekeyCause.VOLUME);
    }

    @Test
    void whatAnOlderGenerationHasEncryptedMakesNoMore() {
        assertThat(Situation.quiet(generation(1, NOON), generation(2, NOON.plusSeconds(1)))
                        .with(Set.of(), Set.of(SENDS), Optional.empty(), false)
                        .causeAt(NOON.plusSeconds(60)))
                .isEmpty();
    }

    @Test
    void threeGenerationsAreTheMostWhateverHappens() {
        var full = Situation.quiet(
                generation(3, NOON), generation(2, NOON.plusSeconds(1)), generation(1, NOON.plusSeconds(2)));

        assertThat(full.with(Set.of(RECEIVES), Set.of(SENDS), Optional.empty(), true)
                        .causeAt(NOON.plusSeconds(9000)))
                .isEmpty();
    }

    /** Else a node that lost an SA while three generations wait for their peers would never get to the new pre-shared key. */
    @Test
    void anotherPresharedKeyMakesAFourthWhateverElseHappens() {
        var full = Situation.quiet(
                generation(3, NOON), generation(2, NOON.plusSeconds(1)), generation(1, NOON.plusSeconds(2)));

        assertThat(full.with(Set.of(RECEIVES), Set.of(SENDS), Optional.of("2"), true)
                        .causeAt(NOON.plusSeconds(60)))
                .contains(RekeyCause.PRESHARED_KEY);
    }

    /** A second after a generation was made, and at every second until it is replaced. */
    @Property(tries = 200)
    void keysAreReplacedOnceInEveryInterval(
            @ForAll @LongRange(min = 120, max = 7200) long interval,
            @ForAll @IntRange(max = 7200) int made,
            @ForAll @IntRange(max = 1_000_000) int node) {
        Instant created = BEGIN.plusSeconds(made);
        long first = replacedAt("uid-" + node, interval, created);
        long second = replacedAt("uid-" + node, interval, BEGIN.plusSeconds(first));

        assertThat(first - made).as("age of the first").isBetween(1L, interval);
        assertThat(second - first).as("age of one that was made in its window").isEqualTo(interval);
    }

    /** Their acknowledgements fall together then. */
    @Property(tries = 100)
    void allNodesReplaceTheirsInOneWindow(
            @ForAll @LongRange(min = 120, max = 7200) long interval,
            @ForAll @IntRange(max = 1_000_000) int node,
            @ForAll @IntRange(max = 1_000_000) int other) {
        long one = replacedAt("uid-" + node, interval, BEGIN);
        long two = replacedAt("uid-" + other, interval, BEGIN);

        assertThat(Math.floorMod(one - two, interval))
                .satisfiesAnyOf(
                        apart -> assertThat(apart).isLessThan(Agreement.JITTER.toSeconds()),
                        apart -> assertThat(interval - apart).isLessThan(Agreement.JITTER.toSeconds()));
    }

    /** Seconds after {@link #BEGIN} at which a node makes new keys because of their age. */
    private static long replacedAt(String uid, long interval, Instant created) {
        var quiet = Situation.quiet(generation(1, created));
        var situation =
                new Situation(uid, interval, quiet.own(), quiet.kernel(), Set.of(), Set.of(), Optional.empty(), false);
        long young = Duration.between(BEGIN, created).toSeconds();
        long old = young + interval;
        assertThat(situation.causeAt(BEGIN.plusSeconds(young))).isEmpty();
        assertThat(situation.causeAt(BEGIN.plusSeconds(old))).contains(RekeyCause.TIME);
        while (old - young > 1) {
            long middle = (old + young) / 2;
            if (situation.causeAt(BEGIN.plusSeconds(middle)).isPresent()) {
                old = middle;
            } else {
                young = middle;
            }
        }
        return old;
    }
}
