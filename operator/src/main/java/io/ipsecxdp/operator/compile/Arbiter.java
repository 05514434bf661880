package io.ipsecxdp.operator.compile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
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

    private record Held(IdentityClaim claim, ObjectKey holder) {}

    private Arbiter() {}

    /** What became of a candidate. */
    record Settled(List<Placed> placed, Verdict verdict) {}

    static SortedMap<ObjectKey, Settled> settle(List<Candidate> candidates) {
        var arbiter = new Arbiter();
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

    private List<Placed> place(Candidate candidate) {
        var key = candidate.object().key();
        if (candidate.findings().isEmpty() && take(key, claims(candidate.wanted()))) {
            return candidate.wanted();
        }
        return take(key, standing(candidate)) ? candidate.inForce() : List.of();
    }

    private Verdict verdict(Candidate candidate, List<Placed> kept) {
        var key = candidate.object().key();
        var findings = new ArrayList<>(candidate.findings());
        if (findings.isEmpty()) {
            findings.addAll(conflicts(key, claims(candidate.wanted())));
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
        claims.forEach(claim -> holders.computeIfAbsent(claim.place(), none -> new ArrayList<>())
                .add(new Held(claim, key)));
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
                            .putIfAbsent(claim.getClass(), claim.takenBy(holder)));
        }
        return conflicts.values().stream()
                .flatMap(findings -> findings.values().stream())
                .toList();
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
