package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toSet;

import io.ipsecxdp.crds.KeyHolder;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * SAs with the key of another SA, wherever in the cluster that is. Two that send with one key and salt use each nonce
 * twice (RFC 4106, section 3). Agents report fingerprints of the keys; equal ones are all that is known here.
 *
 * <p>One of them has the key: that which sends already, else the oldest. The others never get to send, not even when it is
 * gone, for it may have used the nonces by then. An SA's destination reports before its source may send, so that copies
 * between nodes of the cluster are found in time.
 */
final class SharedKeys {
    private final InForce inForce;
    private final KernelStates kernels;
    private final SortedMap<ObjectKey, KeyHolder> holders = new TreeMap<>();

    SharedKeys(Declarations declared, InForce inForce, KernelStates kernels, KeyMemory memory) {
        this.inForce = inForce;
        this.kernels = kernels;
        var sas = declared.of(DeclaredKind.SECURITY_ASSOCIATION);
        sas.forEach(sa -> memory.holder(sa.uid()).ifPresent(holder -> holders.put(sa.key(), holder)));
        var reported = sas.stream()
                .flatMap(sa -> fingerprints(sa).map(fingerprint -> new Reported(fingerprint, sa)))
                .collect(groupingBy(Reported::fingerprint));
        reported.values().stream().filter(equal -> equal.size() > 1).forEach(this::settle);
    }

    private record Reported(String fingerprint, Declared<SecurityAssociationSpec> sa) {}

    private Stream<String> fingerprints(Declared<SecurityAssociationSpec> sa) {
        var key = new Entry.Key(sa.key(), "", "");
        return Ends.nodesOf(sa.spec().source(), sa.spec().destination()).stream()
                .flatMap(node -> kernels.reports(node, key, sa.uid()))
                .flatMap(report -> report.keyFingerprint().stream())
                .distinct();
    }

    private void settle(List<Reported> equal) {
        var present = equal.stream().map(reported -> reported.sa().uid()).collect(toSet());
        var first = equal.stream()
                .map(Reported::sa)
                .min(Comparator.<Declared<SecurityAssociationSpec>, Boolean>comparing(
                                sa -> !hasAnAbsentHolder(sa, present))
                        .thenComparing(sa -> holders.containsKey(sa.key()))
                        .thenComparing(sa -> !sends(sa))
                        .thenComparing(Declared.BY_AGE))
                .orElseThrow();
        equal.stream()
                .map(Reported::sa)
                .filter(sa -> !sa.equals(first))
                .forEach(sa ->
                        holders.putIfAbsent(sa.key(), new KeyHolder(first.key().name(), first.uid())));
    }

    /** What one that is gone has used is used for all. */
    private boolean hasAnAbsentHolder(Declared<?> sa, Set<String> present) {
        return Optional.ofNullable(holders.get(sa.key()))
                .filter(holder -> !present.contains(holder.uid()))
                .isPresent();
    }

    private boolean sends(Declared<SecurityAssociationSpec> sa) {
        return inForce.of(sa).stream()
                .anyMatch(placed -> sa.spec().source().nodeName().isEmpty() || leaves(placed));
    }

    /** The SAs that may not send with their key, and which has it. */
    SortedMap<ObjectKey, KeyHolder> holders() {
        return holders;
    }

    /** Why {@code sa} may not send. */
    Optional<Finding> finding(Declared<SecurityAssociationSpec> sa) {
        return Optional.ofNullable(holders.get(sa.key()))
                .map(
                        holder -> Finding.of(
                                Reason.KeyReused,
                                "%s has, or had, the same key: %s"
                                        .formatted(
                                                new ObjectKey(DeclaredKind.SECURITY_ASSOCIATION, holder.name()),
                                                inForce.of(sa).stream().anyMatch(this::isSending)
                                                        ? "both may have sent with it before that was seen, so declare two new SAs with a new random key each, and delete these"
                                                        : "this SA does not send, so delete it, and declare it again with a new random key")));
    }

    /** What stays of the entries of {@code sa}: one that must not send is taken off unless it does. */
    List<Placed> remaining(Declared<SecurityAssociationSpec> sa) {
        var entries = inForce.of(sa);
        return holders.containsKey(sa.key())
                ? entries.stream()
                        .filter(placed -> !leaves(placed) || isSending(placed))
                        .toList()
                : entries;
    }

    private boolean isSending(Placed placed) {
        return leaves(placed) && kernels.has(placed.node(), placed.entry());
    }

    private static boolean leaves(Placed placed) {
        return placed.entry() instanceof Entry.Sa(var sa) && sa.direction() == SaDirection.Out;
    }
}
