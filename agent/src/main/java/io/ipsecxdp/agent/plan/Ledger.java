package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.key.KeyFingerprint;
import io.ipsecxdp.agent.plan.KeyUse.Ended;
import io.ipsecxdp.agent.plan.KeyUse.Expired;
import io.ipsecxdp.agent.plan.KeyUse.Open;
import io.ipsecxdp.agent.plan.KeyUse.Unused;
import io.ipsecxdp.agent.xfrm.SaDirection;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every key that this node ever used, so that none is used again from sequence number 1: with AES-GCM, two packets with
 * one nonce give away the authentication key and the difference of their contents (RFC 4106, section 3).
 *
 * <p>A use is written to disk before the kernel gets the key. Nothing is ever taken out.
 */
public final class Ledger {

    /**
     * Sequence numbers that are left out when a key goes on. The kernel's last word is exact (an SA is dead before its
     * deletion is told: {@code xfrm_del_sa} in net/xfrm/xfrm_user.c); the margin is for what a driver may have in flight.
     */
    public static final long MARGIN = 65_536;

    private static final long LAST_32_BIT_SEQUENCE = 0xffff_ffffL;

    public static final Ledger EMPTY = new Ledger(Map.of(), Set.of(), Set.of());

    private final Map<KeyFingerprint, KeyUse> uses;
    private final Set<String> used;
    private final Set<String> expired;

    private Ledger(Map<KeyFingerprint, KeyUse> uses, Set<String> used, Set<String> expired) {
        this.uses = Collections.unmodifiableMap(uses);
        this.used = Collections.unmodifiableSet(used);
        this.expired = Collections.unmodifiableSet(expired);
    }

    public Ledger with(Collection<KeyUse> changes) {
        if (changes.isEmpty()) {
            return this;
        }
        Map<KeyFingerprint, KeyUse> uses = new HashMap<>(this.uses);
        changes.forEach(change -> uses.put(change.key(), change));
        Set<String> used = new HashSet<>();
        uses.values().stream()
                .filter(use -> !(use.progress() instanceof Unused))
                .forEach(use -> used.add(use.uid()));
        Set<String> expired = new HashSet<>();
        uses.values().stream().filter(use -> use.progress() instanceof Expired).forEach(use -> expired.add(use.uid()));
        return new Ledger(uses, used, expired);
    }

    public Collection<KeyUse> uses() {
        return uses.values();
    }

    public Optional<KeyUse> use(KeyFingerprint key) {
        return Optional.ofNullable(uses.get(key));
    }

    /** Whether an SA was ever installed under this uid, or may have been. */
    public boolean hasUsed(String uid) {
        return used.contains(uid);
    }

    /** Whether the SA of this uid came to a hard limit of its lifetime. */
    public boolean hasExpired(String uid) {
        return expired.contains(uid);
    }

    /** Whether an SA that the kernel does not have may be installed with a key. */
    public sealed interface Verdict {}

    /** @param lastSequence the SA goes on after this; 0 for a key that was never used outbound */
    public record Allowed(long lastSequence) implements Verdict {}

    /** The key was used by this SA, and how far is not known. */
    public record AtRisk() implements Verdict {}

    /** The key was used by this SA, and too few sequence numbers are left to go on. */
    public record Exhausted() implements Verdict {}

    /** The key belongs to another SA. */
    public record Taken(KeyUse by) implements Verdict {}

    /**
     * @param reportedUsed the API server remembers that this SA was installed here
     */
    public Verdict verdict(String uid, SaDirection direction, boolean esn, KeyFingerprint key, boolean reportedUsed) {
        KeyUse use = uses.get(key);
        if (use == null) {
            // A ledger that does not know of an installation that was reported was lost, and this key with it
            boolean forgotten = reportedUsed && !hasUsed(uid);
            return direction == SaDirection.OUT && forgotten ? new AtRisk() : new Allowed(0);
        }
        if (use.progress() instanceof Unused) {
            return new Allowed(0);
        }
        if (!use.uid().equals(uid) || use.direction() != direction) {
            return new Taken(use);
        }
        if (direction == SaDirection.IN) {
            return new Allowed(0);
        }
        return switch (use.progress()) {
            case Unused() -> new Allowed(0);
            case Open open -> new AtRisk();
            case Expired expired -> new AtRisk();
            case Ended(long last) -> goOnAfter(last, esn);
        };
    }

    private static Verdict goOnAfter(long last, boolean esn) {
        long next = last + MARGIN;
        boolean spent = esn ? Long.compareUnsigned(next, last) < 0 : next >= LAST_32_BIT_SEQUENCE;
        return spent ? new Exhausted() : new Allowed(next);
    }
}
