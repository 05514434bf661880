package io.ipsecxdp.operator.write;

import io.ipsecxdp.crds.Condition;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells by an Event when a node becomes Degraded for another reason, or is well again. What was so when the operator
 * began is in the conditions, and no news. For one thread.
 */
@ApplicationScoped
public class NodeEvents {
    private static final String KIND = "IPsecNode";

    /** A node with its Degraded condition. */
    public record Health(String node, String uid, Condition degraded) {
        /** A new one is news; other words for the same are not. */
        public Cause cause() {
            return new Cause(degraded.status(), degraded.reason());
        }
    }

    /** Why a node is Degraded, or that it is not. */
    public record Cause(Condition.Status status, String reason) {}

    private final Announcer announcer;
    private Map<String, Cause> before = Map.of();

    public NodeEvents(Announcer announcer) {
        this.announcer = announcer;
    }

    public List<Writes.Write> writes(Collection<Health> nodes, Instant now) {
        var writes = new ArrayList<Writes.Write>();
        var told = new HashMap<String, Cause>();
        for (var node : nodes) {
            var present = node.cause();
            told.put(node.uid(), present);
            var former = before.get(node.uid());
            if (former != null && !former.equals(present)) {
                writes.add(new Writes.Write(
                        "Event of " + KIND + " " + node.node(),
                        () -> announcer.announce(
                                KIND,
                                node.node(),
                                node.uid(),
                                new Announcer.News(
                                        present.reason(),
                                        node.degraded().message(),
                                        present.status() != Condition.Status.False),
                                now)));
            }
        }
        before = told;
        return writes;
    }
}
