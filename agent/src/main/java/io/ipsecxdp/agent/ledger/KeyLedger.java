package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.agent.ledger.KeyUse.Ended;
import io.ipsecxdp.agent.ledger.KeyUse.Expired;
import io.ipsecxdp.agent.ledger.KeyUse.Open;
import io.ipsecxdp.agent.ledger.KeyUse.Unused;
import io.ipsecxdp.xfrm.SaDir;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Every key that this node ever used, so that none is used again from sequence number 1. With AES-GCM, two packets with
 * one nonce give away the authentication key and the difference of their contents (RFC 4106, section 3); and an SA that
 * receives again from there takes every packet that somebody recorded (RFC 4303, section 3.4.3).
 *
 * <p>A use is written to disk before the kernel gets the key. What is taken out is about keys that nobody can have a second
 * time, as they were derived of what is wiped.
 */
public final class KeyLedger {

    /**
     * Sequence numbers that are left out when a key goes on sending. The kernel's last word is exact (an SA is dead before its
     * deletion is told: {@code xfrm_del_sa} in net/xfrm/xfrm_user.c); the margin is for what a driver may have in flight.
     */
    public static final long MARGIN = 65_536;

    private static final long LAST_32_BIT_SEQUENCE = 0xffff_ffffL;

    private static final long LAST_64_BIT_SEQUENCE = -1;

    public static final KeyLedger EMPTY = new KeyLedger(
            PersistentMap.empty(),
            PersistentMap.empty(),
            PersistentMap.empty(),
            PersistentMap.empty(),
            PersistentMap.empty());

    private final PersistentMap<KeyFingerprint, KeyUse> uses;
    /** How many keys an SA used, by its origin. */
    private final PersistentMap<Origin, Integer> used;

    private final PersistentMap<Origin, Integer> expired;
    private final PersistentMap<Origin, Integer> adopted;

    /** Not in the ledger, and nobody knows whether an earlier one had them. */
    private final PersistentMap<KeyFingerprint, KeyFingerprint> mistrusted;

    private KeyLedger(
            PersistentMap<KeyFingerprint, KeyUse> uses,
            PersistentMap<Origin, Integer> used,
            PersistentMap<Origin, Integer> expired,
            PersistentMap<Origin, Integer> adopted,
            PersistentMap<KeyFingerprint, KeyFingerprint> mistrusted) {
        this.uses = uses;
        this.used = used;
        this.expired = expired;
        this.adopted = adopted;
        this.mistrusted = mistrusted;
    }

    /**
     * The same, where a key may have been used before this ledger was begun: unless the ledger knows it, it is not fresh
     * for sending.
     */
    KeyLedger mistrusting(KeyFingerprint key) {
        var more = mistrusted.containsKey(key)
                ? mistrusted
                : mistrusted.changes().put(key, key).done();
        return more == mistrusted ? this : new KeyLedger(uses, used, expired, adopted, more);
    }

    /**
     * What is left of a ledger that is not whole. Of no key is known that a line which is missing said nothing of it, so
     * how far it came is not known either.
     */
    KeyLedger damaged() {
        return EMPTY.with(uses().stream().map(KeyLedger::uncertain).toList());
    }

    private static KeyUse uncertain(KeyUse use) {
        return use.progress() instanceof Expired ? use : use.with(new Open());
    }

    public KeyLedger with(Collection<KeyUse> changes) {
        if (changes.isEmpty()) {
            return this;
        }
        var uses = this.uses.changes();
        Counts counts = new Counts(new HashMap<>(), new HashMap<>(), new HashMap<>());
        Map<KeyFingerprint, KeyUse> latest = new HashMap<>();
        for (KeyUse change : changes) {
            KeyUse former = latest.getOrDefault(change.key(), this.uses.get(change.key()));
            if (former != null) {
                counts.add(former, -1);
            }
            counts.add(change, 1);
            latest.put(change.key(), change);
            uses.put(change.key(), change);
        }
        return with(uses.done(), counts);
    }

    /** The same without these uses, of keys that nobody can have again. */
    KeyLedger without(Collection<KeyUse> gone) {
        var uses = this.uses.changes();
        Counts counts = new Counts(new HashMap<>(), new HashMap<>(), new HashMap<>());
        for (KeyUse use : gone) {
            uses.remove(use.key());
            counts.add(use, -1);
        }
        return with(uses.done(), counts);
    }

    private KeyLedger with(PersistentMap<KeyFingerprint, KeyUse> uses, Counts more) {
        return new KeyLedger(
                uses,
                counted(used, more.used()),
                counted(expired, more.expired()),
                counted(adopted, more.adopted()),
                mistrusted);
    }

    /** Of keys, by the origin of their SA. */
    private record Counts(Map<Origin, Integer> used, Map<Origin, Integer> expired, Map<Origin, Integer> adopted) {

        void add(KeyUse use, int one) {
            if (!(use.progress() instanceof Unused)) {
                used.merge(use.origin(), one, Integer::sum);
            }
            if (use.progress() instanceof Expired) {
                expired.merge(use.origin(), one, Integer::sum);
            }
            if (use.adopted()) {
                adopted.merge(use.origin(), one, Integer::sum);
            }
        }
    }

    private static PersistentMap<Origin, Integer> counted(
            PersistentMap<Origin, Integer> before, Map<Origin, Integer> more) {
        var counts = before.changes();
        more.forEach((origin, keys) -> {
            int count = before.getOrDefault(origin, 0) + keys;
            if (count == 0) {
                counts.remove(origin);
            } else if (keys != 0) {
                counts.put(origin, count);
            }
        });
        return counts.done();
    }

    public Collection<KeyUse> uses() {
        return uses.values();
    }

    public Optional<KeyUse> use(KeyFingerprint key) {
        return Optional.ofNullable(uses.get(key));
    }

    /** What the key was used for; empty if the kernel refused it, or never saw it. */
    public Optional<KeyUse> usedBy(KeyFingerprint key) {
        return use(key).filter(use -> !(use.progress() instanceof Unused));
    }

    /** Whether an SA of this origin was ever installed, or may have been. */
    public boolean hasUsed(Origin origin) {
        return used.containsKey(origin);
    }

    /** Whether the SA of this origin came to a hard limit of its lifetime. */
    public boolean hasExpired(Origin origin) {
        return expired.containsKey(origin);
    }

    /** Whether an SA that the kernel does not have may be installed with a key. */
    public sealed interface Verdict {}

    /** @param lastSequence the SA goes on after this; 0 for a key that was never used, or where numbers do not matter */
    public record Allowed(long lastSequence) implements Verdict {}

    /** The key was used by this SA, and how far is not known. */
    public record AtRisk() implements Verdict {}

    /** The key was used by this SA, and too few sequence numbers are left to go on. */
    public record Exhausted() implements Verdict {}

    /** The key belongs to another SA. */
    public record Taken(KeyUse by) implements Verdict {}

    /**
     * An SA that has to go on after the last sequence number of its key.
     *
     * @param isSequenced it sends, or it has a replay window; one that promises neither may begin anew
     */
    public record Candidate(Origin origin, SaDir direction, boolean esn, boolean isSequenced) {}

    /**
     * @param reportedUsed the API server remembers that this SA was installed here
     */
    public Verdict verdict(Candidate sa, KeyFingerprint key, boolean reportedUsed) {
        KeyUse use = uses.get(key);
        if (use == null || use.progress() instanceof Unused) {
            // That another SA did not use it says nothing of this one
            boolean refused = use != null && use.origin().equals(sa.origin());
            boolean mistrusted = use == null && this.mistrusted.containsKey(key);
            boolean mayHaveUsed = mistrusted || isYoungerThan(sa.origin(), reportedUsed) && !refused;
            return sa.isSequenced() && mayHaveUsed ? new AtRisk() : new Allowed(0);
        }
        if (!use.origin().equals(sa.origin()) || use.direction() != sa.direction()) {
            return new Taken(use);
        }
        if (!sa.isSequenced()) {
            return new Allowed(0);
        }
        return switch (use.progress()) {
            case Unused() -> new Allowed(0);
            case Open open -> new AtRisk();
            case Expired expired -> new AtRisk();
            case Ended(long last) ->
                sa.direction() == SaDir.OUT ? sendAfter(last, sa.esn()) : receiveAfter(last, sa.esn());
        };
    }

    /** Whether the SA of this origin may have used keys that an earlier ledger knew, and this one does not. */
    private boolean isYoungerThan(Origin origin, boolean reportedUsed) {
        return adopted.containsKey(origin) || reportedUsed && !hasUsed(origin);
    }

    private static Verdict sendAfter(long last, boolean esn) {
        long next = last + MARGIN;
        boolean spent = esn ? Long.compareUnsigned(next, last) < 0 : next >= LAST_32_BIT_SEQUENCE;
        return spent ? new Exhausted() : new Allowed(next);
    }

    /** Without a margin: it would lose as many packets that are new. */
    private static Verdict receiveAfter(long last, boolean esn) {
        return last == (esn ? LAST_64_BIT_SEQUENCE : LAST_32_BIT_SEQUENCE) ? new Exhausted() : new Allowed(last);
    }
}
