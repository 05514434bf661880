package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.Reason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Settles who gets what only one can have. */
final class Arbiter {
    /** Who has what, by the place of the claim. */
    private final Map<Object, List<Held>> holders = new HashMap<>();

    /** Objects that were deleted, and have something still. */
    private final Set<ObjectKey> gone = new HashSet<>();

    private record Held(IdentityClaim claim, ObjectKey holder) {}

    private Arbiter() {}

    /** What became of a candidate. */
    record Settled(List<Placed> placed, Verdict verdict) {
        /** The same, as far as it may be planned now. */
        Settled staged(List<Placed> now, List<Wait> waits) {
            return new Settled(
                    List.copyOf(now), new Verdict(verdict.ends(), verdict.nodes(), verdict.findings(), waits));
        }
    }

    /** @param lingering what objects that are gone still have, and nobody else can */
    static SortedMap<ObjectKey, Settled> settle(List<Candidate> candidates, List<Placed> lingering) {
        var arbiter = new Arbiter();
        lingering.forEach(arbiter::linger);
        var order = candidates.stream()
                .sorted(Comparator.comparing((Candidate candidate) -> !isInForce(candidate))
                        .thenComparing(Candidate::object, Declared.BY_AGE))
                .toList();
        var placed = new HashMap<ObjectKey, List<Placed>>();
        order.forEach(candidate -> placed.put(candidate.object().key(), arbiter.place(candidate)));
        // After all, so that what is said of an object does not depend on whether the others asked before it
        var settled = new TreeMap<ObjectKey, Settled>();
        order.forEach(candidate -> {
            var kept = placed.get(candidate.object().key());
            settled.put(candidate.object().key(), new Settled(kept, arbiter.verdict(candidate, kept)));
        });
        return settled;
    }

    /** Whether the candidate, in force already, asks for nothing that it does not have. */
    private static boolean isInForce(Candidate candidate) {
        return !candidate.inForce().isEmpty()
                && claims(candidate.inForce())
                        .containsAll(claims(candidate.wanted()).stream()
                                .filter(IdentityClaim::isIdentity)
                                .toList());
    }

    private void linger(Placed placed) {
        var object = placed.entry().key().object();
        gone.add(object);
        claims(List.of(placed)).forEach(claim -> hold(object, claim));
    }

    private void hold(ObjectKey holder, IdentityClaim claim) {
        holders.computeIfAbsent(claim.place(), none -> new ArrayList<>()).add(new Held(claim, holder));
    }

    /** While an SA moves to another address, one end has the old one and the other end the new one. */
    private static Set<IdentityClaim> asked(Candidate candidate) {
        var claims = claims(candidate.wanted());
        candidate.inForce().stream()
                .filter(placed -> placed.entry() instanceof Entry.Sa)
                .forEach(placed -> claims.addAll(IdentityClaim.of(placed)));
        return claims;
    }

    private List<Placed> place(Candidate candidate) {
        var key = candidate.object().key();
        if (candidate.findings().isEmpty() && take(key, asked(candidate))) {
            return candidate.wanted();
        }
        return take(key, standing(candidate)) ? candidate.inForce() : List.of();
    }

    private Verdict verdict(Candidate candidate, List<Placed> kept) {
        var key = candidate.object().key();
        var findings = new ArrayList<>(candidate.findings());
        if (findings.isEmpty()) {
            findings.addAll(conflicts(key, asked(candidate)));
        }
        if (findings.isEmpty()) {
            return new Verdict(candidate.ends(), candidate.nodes(), List.of());
        }
        conflicts(key, standing(candidate)).stream()
                .filter(conflict -> !findings.contains(conflict))
                .forEach(findings::add);
        return new Verdict(endsOf(candidate, kept), candidate.nodes(), findings);
    }

    /** What a candidate that does not get what it wants has, or might have. */
    private static Set<IdentityClaim> standing(Candidate candidate) {
        return candidate.inForce().isEmpty() ? candidate.standingClaims() : claims(candidate.inForce());
    }

    /** Takes all of {@code claims}, or none. */
    private boolean take(ObjectKey key, Set<IdentityClaim> claims) {
        if (!conflicts(key, claims).isEmpty()) {
            return false;
        }
        claims.forEach(claim -> hold(key, claim));
        return true;
    }

    /** Who has what of {@code claims}. */
    private List<Finding> conflicts(ObjectKey key, Set<IdentityClaim> claims) {
        var conflicts = new LinkedHashMap<ObjectKey, Map<Class<?>, Finding>>();
        for (var claim : claims) {
            holders.getOrDefault(claim.place(), List.of()).stream()
                    .filter(held -> !held.holder().equals(key) && claim.excludes(held.claim()))
                    .map(Held::holder)
                    .min(Comparator.naturalOrder())
                    .ifPresent(holder -> conflicts
                            .computeIfAbsent(holder, none -> new LinkedHashMap<>())
                            .putIfAbsent(
                                    claim.getClass(),
                                    gone.contains(holder) ? stillHeld(holder) : claim.takenBy(holder)));
        }
        return conflicts.values().stream()
                .flatMap(findings -> findings.values().stream())
                .toList();
    }

    /** Why an object that wants what one that was deleted has must wait. */
    static Finding stillHeld(ObjectKey gone) {
        return Finding.of(
                Reason.StillBeingRemoved,
                "%s was deleted, and is being taken off its nodes one after the other: what it had is free in a moment (kubectl get nodeplans shows which node has it)"
                        .formatted(gone));
    }

    private static Set<IdentityClaim> claims(List<Placed> entries) {
        var claims = new LinkedHashSet<IdentityClaim>();
        entries.forEach(entry -> claims.addAll(IdentityClaim.of(entry)));
        return claims;
    }

    private static Optional<EndAddresses> endsOf(Candidate candidate, List<Placed> kept) {
        return kept.stream()
                .flatMap(placed -> placed.entry().addresses().stream())
                .findFirst()
                .or(candidate::ends);
    }
}
