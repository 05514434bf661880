package io.ipsecxdp.agent.secrets;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.kernel.TestingNode;
import io.ipsecxdp.agent.ledger.FingerprintMac;
import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.KeyView;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.threeten.extra.MutableClock;

class KeyRingTest {

    private static final KeySecrets.Answer NONE = new KeySecrets.NoKey(Reason.KeyMissing, "There is none.");

    private final MutableClock clock = MutableClock.epochUTC();
    private final FingerprintMac mac = FingerprintMac.under(KeyMaterial.takeFrom(new byte[32]));
    private final Deque<CompletableFuture<KeySecrets.Answer>> asked = new ArrayDeque<>();
    private final Deque<Runnable> mail = new ArrayDeque<>();
    private final KeyRing ring = new KeyRing(this::read, this::deliver, (key, made) -> mac.of(key), clock);
    private final DesiredSa sa = sa(0);

    private CompletableFuture<KeySecrets.Answer> read(KeySource source) {
        asked.add(new CompletableFuture<>());
        return asked.getLast();
    }

    private void deliver(Origin origin, KeySecrets.Answer answer) {
        mail.add(() -> ring.arrived(origin, answer));
    }

    private static DesiredSa sa(int i) {
        NodePlanSpec spec =
                new NodePlanSpec("n", List.of(TestingNode.outbound("u" + i, 0x1000 + i)), List.of(), List.of());
        return Desired.of(List.of(new Slice("s", "s", 1, spec, Optional.empty())), Map.of())
                .sas()
                .get(Origin.of("u" + i));
    }

    private KeyMaterial answer(int key) {
        KeyMaterial material = KeyMaterial.takeFrom(TestingNode.key(key));
        answer(new KeySecrets.Key(material, Optional.empty(), Optional.of("shared")));
        return material;
    }

    private void answer(KeySecrets.Answer answer) {
        asked.remove().complete(answer);
        mail.remove().run();
    }

    private KeyView view() {
        return ring.view(sa.origin());
    }

    private static boolean wiped(KeyMaterial key) {
        try {
            key.length();
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    @Test
    void aKeyIsHeldForItsInstallationOnly() {
        ring.ask(sa);
        assertThat(view()).isEqualTo(new KeyView.Reading());
        KeyMaterial key = answer(1);

        KeyFingerprint fingerprint = ((KeyView.Read) view()).fingerprint();
        assertThat(view()).isEqualTo(new KeyView.Read(fingerprint, true));
        assertThat(ring.take(sa.origin(), fingerprint)).containsSame(key);
        assertThat(view()).isEqualTo(new KeyView.Read(fingerprint, false));
        assertThat(ring.take(sa.origin(), fingerprint)).isEmpty();
    }

    @Test
    void whatIsTheSameOnAllNodesIsSaidOfTheKeyThatTheKernelHas() {
        ring.ask(sa);
        assertThat(ring.clusterFingerprint(sa.origin(), Optional.empty())).isEmpty();
        answer(1);

        KeyFingerprint read = ((KeyView.Read) view()).fingerprint();
        KeyFingerprint another = mac.of(KeyMaterial.takeFrom(TestingNode.key(2)));
        assertThat(ring.clusterFingerprint(sa.origin(), Optional.empty())).contains("shared");
        assertThat(ring.clusterFingerprint(sa.origin(), Optional.of(read))).contains("shared");
        assertThat(ring.clusterFingerprint(sa.origin(), Optional.of(another))).isEmpty();
    }

    @Test
    void twoSasOfOneObjectHaveEachTheirOwnKey() {
        DesiredSa other = new DesiredSa(sa.name(), new Origin("u0", "child"), sa.slice(), sa.sa(), sa.key());
        ring.ask(sa);
        ring.ask(other);
        answer(1);
        answer(2);

        KeyFingerprint fingerprint = ((KeyView.Read) ring.view(other.origin())).fingerprint();
        assertThat(fingerprint).isNotEqualTo(((KeyView.Read) view()).fingerprint());
        assertThat(ring.take(sa.origin(), fingerprint)).isEmpty();
        assertThat(ring.take(other.origin(), fingerprint)).isPresent();
    }

    @Test
    void aKeyThatNobodyInstallsIsWiped() {
        ring.ask(sa);
        KeyMaterial key = answer(1);

        clock.add(Duration.ofSeconds(4));
        ring.tend(origin -> false);

        assertThat(wiped(key)).isTrue();
        assertThat(view())
                .isInstanceOfSatisfying(
                        KeyView.Read.class, read -> assertThat(read.atHand()).isFalse());
    }

    @Test
    void noOtherKeyIsGivenThanTheOneThatWasJudged() {
        ring.ask(sa);
        answer(1);

        assertThat(ring.take(sa.origin(), new KeyFingerprint("00".repeat(32)))).isEmpty();
    }

    @Test
    void aMissingKeyIsAskedForSoonAndThenLessOften() {
        ring.ask(sa);
        answer(NONE);
        assertThat(view()).isEqualTo(new KeyView.Unavailable(Reason.KeyMissing, "There is none."));

        int tries = 0;
        for (int millis = 0; millis < 10_000; millis += 50) {
            clock.add(Duration.ofMillis(50));
            ring.tend(origin -> false);
            if (!asked.isEmpty()) {
                tries++;
                answer(NONE);
            }
        }
        assertThat(tries).isBetween(6, 9);
        assertThat(ring.nextDue())
                .hasValueSatisfying(due -> assertThat(due)
                        .isBetween(clock.instant(), clock.instant().plusSeconds(3)));
    }

    @Test
    void whatIsKnownStaysKnownWhileItIsAskedAgain() {
        ring.ask(sa);
        answer(NONE);
        clock.add(Duration.ofSeconds(2));
        ring.tend(origin -> false);

        assertThat(asked).hasSize(1);
        assertThat(view()).isInstanceOf(KeyView.Unavailable.class);
    }

    @Test
    void theKeyOfAnSaInForceIsLookedAtSeldom() {
        ring.ask(sa);
        answer(1);
        ring.take(sa.origin(), ((KeyView.Read) view()).fingerprint());

        clock.add(Duration.ofMinutes(9));
        ring.tend(sa.origin()::equals);
        assertThat(asked).isEmpty();

        clock.add(Duration.ofMinutes(2));
        ring.tend(sa.origin()::equals);
        assertThat(asked).hasSize(1);
        assertThat(wiped(answer(1))).isTrue();
    }

    @Test
    void anotherKeyInTheSecretIsNoticedAndAtHand() {
        ring.ask(sa);
        answer(1);
        KeyView before = view();
        clock.add(Duration.ofSeconds(4));
        ring.tend(origin -> false);
        clock.add(Duration.ofSeconds(4));
        ring.tend(origin -> false);

        answer(2);

        assertThat(view())
                .isNotEqualTo(before)
                .isInstanceOfSatisfying(
                        KeyView.Read.class, read -> assertThat(read.atHand()).isTrue());
    }

    @Test
    void keysOfSasThatAreNotPlannedAnyMoreAreWiped() {
        ring.ask(sa);
        KeyMaterial key = answer(1);

        ring.keepOnly(Map.of());

        assertThat(wiped(key)).isTrue();
        assertThat(ring.view(sa.origin())).isInstanceOf(KeyView.NotRead.class);
    }

    @Test
    void anAnswerForAnSaThatIsGoneIsWiped() {
        ring.ask(sa);
        ring.keepOnly(Map.of());
        assertThat(wiped(answer(1))).isTrue();
    }

    @Test
    void onlySomeAreAskedForAtATime() {
        IntStream.range(0, 3000).forEach(i -> ring.ask(sa(i)));
        assertThat(asked).hasSize(2048);
        assertThat(ring.reading()).isTrue();

        for (int i = 0; i < 3000; i++) {
            answer(NONE);
        }
        assertThat(asked).isEmpty();
        assertThat(ring.reading()).isFalse();
    }

    @Test
    void closingWipesAll() {
        ring.ask(sa);
        KeyMaterial key = answer(1);
        ring.close();
        assertThat(wiped(key)).isTrue();
    }
}
