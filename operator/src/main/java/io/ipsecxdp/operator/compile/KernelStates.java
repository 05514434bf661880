package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.toSet;

import java.util.Collection;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What the kernels of the nodes have, by the word of their agents. */
final class KernelStates {
    private final ClusterNodes cluster;
    private final InForce inForce;
    private final Reports reports;
    private final Set<String> alive;
    private final Set<String> unobserved;
    private final Set<InForce.Slot> unread;

    KernelStates(ClusterSnapshot snapshot, ClusterNodes cluster, InForce inForce, Collection<ExistingSlice> slices) {
        this.cluster = cluster;
        this.inForce = inForce;
        this.reports = snapshot.reports();
        this.alive = snapshot.aliveAgents();
        var changed =
                slices.stream().filter(Predicate.not(ExistingSlice::isObserved)).toList();
        this.unobserved = changed.stream().map(slice -> slice.spec().node()).collect(toSet());
        this.unread = changed.stream()
                .flatMap(slice -> Entry.of(slice.spec()).stream()
                        .map(entry -> new InForce.Slot(slice.spec().node(), entry.key())))
                .collect(toSet());
    }

    boolean isAlive(String node) {
        return alive.contains(node);
    }

    /** Whether the agent of {@code node} lives and has said what became of the plan that has this entry. */
    boolean hasRead(String node, Entry.Key key, String uid) {
        return isAlive(node)
                && inForce.at(node, key)
                        .filter(entry -> entry.uid().equals(uid))
                        .isPresent()
                && !unread.contains(new InForce.Slot(node, key));
    }

    /**
     * Whether the kernel of {@code node} has this very entry, by a report about the plan as it is. An older one may speak
     * of a time before the last change but one: an entry that came, went and came again looks the same.
     */
    boolean hasByNow(String node, Entry entry) {
        boolean isPlanned = inForce.at(node, entry.key())
                .filter(planned -> planned.acknowledgement().equals(entry.acknowledgement()))
                .isPresent();
        return isPlanned && !unread.contains(new InForce.Slot(node, entry.key())) && has(node, entry);
    }

    /**
     * Whether the kernel of {@code node} has this very entry, by a report that may be older than the plan: for what never
     * comes a second time. An agent that is silent may speak of a kernel that is no more.
     */
    boolean has(String node, Entry entry) {
        return isAlive(node)
                && reports(node, entry.key(), entry.uid())
                        .anyMatch(report -> report.isInstalled() && report.of().equals(entry.acknowledgement()));
    }

    /**
     * Whether the kernel of {@code node} may have an entry: it is planned there, or its agent says that the kernel has it
     * still, or has said nothing since the plans changed. A node that is gone, and its agent with it, has nothing.
     */
    boolean mayHave(String node, Entry.Key key, String uid) {
        if (cluster.node(node).isEmpty() && !isAlive(node)) {
            return false;
        }
        return unobserved.contains(node)
                || inForce.at(node, key)
                        .filter(entry -> entry.uid().equals(uid))
                        .isPresent()
                || reports(node, key, uid).findAny().isPresent();
    }

    /** What the agent of {@code node} says of an entry of the object of this uid. */
    Stream<Report> reports(String node, Entry.Key key, String uid) {
        return reports.of(node, key.object()).stream()
                .filter(report -> report.entry().equals(key) && report.uid().equals(uid));
    }

    /** What agents say of entries that are not planned any more, or not in that way. */
    Stream<Report> leftovers() {
        return reports.bySubject().entrySet().stream()
                .flatMap(about -> about.getValue().stream()
                        .filter(report -> inForce.at(about.getKey().node(), report.entry())
                                .filter(planned -> planned.uid().equals(report.uid())
                                        && planned.acknowledgement().equals(report.of()))
                                .isEmpty()));
    }

    /** Why a change waits for a node. */
    Wait waitFor(String waiting, String peer, String what) {
        return new Wait(
                waiting,
                peer,
                isAlive(peer)
                        ? "Waits for node %s: %s.".formatted(peer, what)
                        : "Waits for node %s, whose agent does not renew its Lease: check the ipsec-xdp-agent pod there, and the node itself."
                                .formatted(peer));
    }
}
