package io.ipsecxdp.agent.secrets;

import io.ipsecxdp.agent.ledger.KeyFingerprint;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.plan.KeyView;
import io.ipsecxdp.agent.time.Backoff;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The keys of the planned SAs: asked for when they are needed, held for the moment of installation, looked at again now
 * and then. For one thread.
 */
public final class KeyRing implements AutoCloseable {

    /** A key that was read is wiped when nothing installs it in this time. */
    private static final Duration HELD = Duration.ofSeconds(3);

    /** A Secret that is made a moment after the SA is found quickly. */
    private static final Backoff EARLY = Backoff.between(Duration.ofMillis(250), Duration.ofSeconds(2));

    private static final int EARLY_TRIES = 60;
    private static final Duration LATE_RETRY = Duration.ofSeconds(15);

    /** How often it is looked whether the key of an SA in force was changed. */
    private static final Duration CHECK_IN_FORCE = Duration.ofMinutes(10);

    /** Those of one Secret are read by one request. */
    private static final int MOST_UNDER_WAY = 2048;

    private static final KeyView NOT_READ = new KeyView.NotRead();

    private static final class Slot {
        private KeySource source;
        private KeyView view = NOT_READ;
        private Optional<KeyMaterial> bytes = Optional.empty();
        private Optional<String> clusterFingerprint = Optional.empty();
        private boolean asked;
        private boolean bytesWanted;
        private Backoff retry = EARLY;
        private int failures;
        private Instant due = Instant.MIN;

        private void wipe() {
            bytes.ifPresent(KeyMaterial::close);
            bytes = Optional.empty();
            if (view instanceof KeyView.Read(KeyFingerprint fingerprint, boolean atHand) && atHand) {
                view = new KeyView.Read(fingerprint, false);
            }
        }
    }

    private final Function<KeySource, CompletableFuture<KeySecrets.Answer>> reader;
    private final BiConsumer<Origin, KeySecrets.Answer> mailbox;
    private final BiFunction<KeyMaterial, Optional<Instant>, KeyFingerprint> fingerprints;
    private final Clock clock;
    private final Map<Origin, Slot> slots = new HashMap<>();
    private final Deque<Origin> waiting = new ArrayDeque<>();
    private Predicate<Origin> inForce = origin -> false;
    /** None is due before. */
    private Instant noneDueBefore = Instant.MAX;

    private long changes;
    private int underWay;

    /**
     * @param reader gets a key from where it comes from
     * @param mailbox gets the answers, on any thread; they come back by {@link #arrived}
     * @param fingerprints of a key, whose Secret was made at that time
     */
    public KeyRing(
            Function<KeySource, CompletableFuture<KeySecrets.Answer>> reader,
            BiConsumer<Origin, KeySecrets.Answer> mailbox,
            BiFunction<KeyMaterial, Optional<Instant>, KeyFingerprint> fingerprints,
            Clock clock) {
        this.reader = reader;
        this.mailbox = mailbox;
        this.fingerprints = fingerprints;
        this.clock = clock;
    }

    /** What is known of the key of an SA. */
    public KeyView view(Origin origin) {
        Slot slot = slots.get(origin);
        return slot == null ? NOT_READ : slot.view;
    }

    /**
     * The fingerprint of the key of an SA that is the same on all nodes, if it is known.
     *
     * @param installed the key that the kernel has, if one; what its Secret holds by now says nothing of that
     */
    public Optional<String> clusterFingerprint(Origin origin, Optional<KeyFingerprint> installed) {
        return Optional.ofNullable(slots.get(origin))
                .filter(slot -> slot.view instanceof KeyView.Read read
                        && installed.map(read.fingerprint()::equals).orElse(true))
                .flatMap(slot -> slot.clusterFingerprint);
    }

    /** Another number whenever a {@link #view} may be another one. */
    public long changes() {
        return changes;
    }

    /** Reads the key of an SA, to install it or to know it. */
    public void ask(DesiredSa sa) {
        Slot slot = slots.computeIfAbsent(sa.origin(), origin -> new Slot());
        slot.source = sa.key();
        slot.bytesWanted = true;
        if (slot.view instanceof KeyView.NotRead) {
            slot.view = new KeyView.Reading();
            changes++;
        }
        send(sa.origin(), slot);
    }

    /** Takes an answer in; true if it changed what is known. */
    public boolean arrived(Origin origin, KeySecrets.Answer answer) {
        underWay--;
        sendNext();
        Slot slot = slots.get(origin);
        if (slot == null) {
            if (answer instanceof KeySecrets.Key(KeyMaterial key, var made, var clusterFingerprint)) {
                key.close();
            }
            return false;
        }
        KeyView before = slot.view;
        slot.asked = false;
        slot.wipe();
        switch (answer) {
            case KeySecrets.Key(KeyMaterial key, var made, var clusterFingerprint) -> {
                KeyFingerprint fingerprint = fingerprints.apply(key, made);
                boolean another = !(before instanceof KeyView.Read read
                        && read.fingerprint().equals(fingerprint));
                boolean atHand = slot.bytesWanted || another;
                if (atHand) {
                    slot.bytes = Optional.of(key);
                } else {
                    key.close();
                }
                slot.view = new KeyView.Read(fingerprint, atHand);
                slot.clusterFingerprint = clusterFingerprint;
                due(slot, atHand ? HELD : pause(origin, slot));
            }
            case KeySecrets.NoKey(var reason, String message) -> {
                slot.view = new KeyView.Unavailable(reason, message);
                due(slot, pause(origin, slot));
            }
        }
        slot.bytesWanted = false;
        changes++;
        return !slot.view.equals(before);
    }

    /** The bytes of a key, for the taker to close; empty if they are not at hand. */
    public Optional<KeyMaterial> take(Origin origin, KeyFingerprint expected) {
        Slot slot = slots.get(origin);
        if (slot == null
                || !(slot.view instanceof KeyView.Read(KeyFingerprint fingerprint, boolean atHand))
                || !fingerprint.equals(expected)) {
            return Optional.empty();
        }
        Optional<KeyMaterial> bytes = slot.bytes;
        slot.bytes = Optional.empty();
        slot.view = new KeyView.Read(fingerprint, false);
        slot.retry = EARLY;
        slot.failures = 0;
        due(slot, CHECK_IN_FORCE);
        changes++;
        return bytes;
    }

    /** Wipes and forgets the keys of SAs that are not planned. */
    public void keepOnly(Map<Origin, DesiredSa> planned) {
        slots.entrySet().removeIf(entry -> {
            DesiredSa sa = planned.get(entry.getKey());
            boolean obsolete = sa == null || !sa.key().equals(entry.getValue().source);
            if (obsolete) {
                entry.getValue().wipe();
                changes++;
            }
            return obsolete;
        });
    }

    /**
     * Wipes what was held too long, and asks again for what is due.
     *
     * @param inForce whether the kernel has the SA of an origin; asked from now on
     */
    public void tend(Predicate<Origin> inForce) {
        this.inForce = inForce;
        Instant now = clock.instant();
        if (now.isBefore(noneDueBefore)) {
            return;
        }
        slots.forEach((origin, slot) -> {
            if (slot.asked || now.isBefore(slot.due)) {
                return;
            }
            if (slot.bytes.isPresent()) {
                slot.wipe();
                changes++;
                due(slot, pause(origin, slot));
            } else {
                send(origin, slot);
            }
        });
        noneDueBefore = slots.values().stream()
                .filter(slot -> !slot.asked)
                .map(slot -> slot.due)
                .min(Instant::compareTo)
                .orElse(Instant.MAX);
    }

    /** Whether more answers are to come in a moment. */
    public boolean reading() {
        return underWay > 0;
    }

    /** When {@link #tend} may have something to do next. */
    public Optional<Instant> nextDue() {
        return Optional.of(noneDueBefore).filter(due -> due.isBefore(Instant.MAX));
    }

    @Override
    public void close() {
        slots.values().forEach(Slot::wipe);
        slots.clear();
    }

    private void send(Origin origin, Slot slot) {
        if (!slot.asked) {
            slot.asked = true;
            waiting.add(origin);
            sendNext();
        }
    }

    private void sendNext() {
        while (underWay < MOST_UNDER_WAY && !waiting.isEmpty()) {
            Origin origin = waiting.remove();
            Slot slot = slots.get(origin);
            if (slot != null) {
                underWay++;
                reader.apply(slot.source).thenAccept(answer -> mailbox.accept(origin, answer));
            }
        }
    }

    private void due(Slot slot, Duration pause) {
        slot.due = clock.instant().plus(pause);
        noneDueBefore = slot.due.isBefore(noneDueBefore) ? slot.due : noneDueBefore;
    }

    private Duration pause(Origin origin, Slot slot) {
        // One that is to be installed may have been in force a moment ago
        if (!slot.bytesWanted && inForce.test(origin)) {
            slot.retry = EARLY;
            slot.failures = 0;
            return CHECK_IN_FORCE;
        }
        Instant now = clock.instant();
        slot.retry = slot.retry.failed(now);
        slot.failures++;
        return slot.failures > EARLY_TRIES
                ? LATE_RETRY
                : Duration.between(now, slot.retry.due().orElseThrow());
    }
}
