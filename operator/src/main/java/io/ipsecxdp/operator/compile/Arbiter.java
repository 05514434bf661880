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

    private record Held(Claim claim, ObjectKey holder) {}

    private Arbiter() {}

    /** What became of a candidate. */
    record Settled(List<Placed> placed, Verdict verdict) {}

    static SortedMap<ObjectKey, Settled> settle(List<Candidate> candidates) {
        var arbiter = new Arbiter();
        var settled = new TreeMap<ObjectKey, Settled>();
        candidates.stream()
                .sorted(Comparator.comparing((Candidate candidate) -> !isInForce(candidate))
                        .thenComparing(Candidate::object, Declared.BY_AGE))
                .forEach(candidate -> settled.put(candidate.object().key(), arbiter.settle(candidate)));
        return settled;
    }

    /** Whether the candidate, in force already, asks for nothing that it does not have. */
    private static boolean isInForce(Candidate candidate) {
        return !candidate.inForce().isEmpty()
                && claims(candidate.inForce())
                        .containsAll(claims(candidate.wanted()).stream()
                                .filter(Claim::isIdentity)
                                .toList());
    }

    private Settled settle(Candidate candidate) {
        var key = candidate.object().key();
        var findings = new ArrayList<>(candidate.findings());
        if (findings.isEmpty()) {
            var conflicts = take(key, claims(candidate.wanted()));
            if (conflicts.isEmpty()) {
                return new Settled(candidate.wanted(), new Verdict(candidate.ends(), candidate.nodes(), List.of()));
            }
            findings.addAll(conflicts);
        }
        var conflicts =
                take(key, candidate.inForce().isEmpty() ? candidate.standingClaims() : claims(candidate.inForce()));
        conflicts.stream().filter(conflict -> !findings.contains(conflict)).forEach(findings::add);
        var kept = conflicts.isEmpty() ? candidate.inForce() : List.<Placed>of();
        return new Settled(kept, new Verdict(endsOf(candidate, kept), candidate.nodes(), findings));
    }

    /** Takes all of {@code claims}, or none and says who has them. */
    private List<Finding> take(ObjectKey key, Set<Claim> claims) {
        var conflicts = new LinkedHashMap<ObjectKey, Map<Class<?>, Finding>>();
        for (var claim : claims) {
            holders.getOrDefault(claim.place(), List.of()).stream()
                    .filter(held -> !held.holder().equals(key) && claim.excludes(held.claim()))
                    .map(Held::holder)
                    .findFirst()
                    .ifPresent(holder -> conflicts
                            .computeIfAbsent(holder, none -> new LinkedHashMap<>())
                            .putIfAbsent(claim.getClass(), claim.takenBy(holder)));
        }
        if (conflicts.isEmpty()) {
            claims.forEach(claim -> holders.computeIfAbsent(claim.place(), none -> new ArrayList<>())
                    .add(new Held(claim, key)));
        }
        return conflicts.values().stream()
                .flatMap(findings -> findings.values().stream())
                .toList();
    }

    private static Set<Claim> claims(List<Placed> entries) {
        var claims = new LinkedHashSet<Claim>();
        entries.forEach(entry -> claims.addAll(Claim.of(entry)));
        return claims;
    }

    private static Optional<Addresses> endsOf(Candidate candidate, List<Placed> kept) {
        return kept.stream()
                .flatMap(placed -> placed.entry().addresses().stream())
                .findFirst()
                .or(candidate::ends);
    }
}
