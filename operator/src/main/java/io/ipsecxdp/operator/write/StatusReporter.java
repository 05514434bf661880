package io.ipsecxdp.operator.write;

import io.fabric8.kubernetes.api.model.Namespace;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.operator.compile.ClusterSnapshot;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.rollup.RollUp;
import io.ipsecxdp.operator.write.Writes.Write;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** Writes the statuses that differ from what is there, and tells of what they change. */
@ApplicationScoped
public class StatusReporter {
    /** When a node goes silent, thousands of objects change at once; their conditions tell, not an Event each. */
    private static final int MAX_EVENTS_AT_ONCE = 20;

    /** What an object is on its way from one step to the next. */
    private static final Set<String> PASSING =
            Set.of(Reason.Installing.name(), Reason.WaitsForPeer.name(), Reason.StillBeingRemoved.name());

    private final Announcer announcer;

    public StatusReporter(Announcer announcer) {
        this.announcer = announcer;
    }

    public List<Write> writes(
            ClusterSnapshot snapshot,
            Map<ObjectKey, DeclaredStatus> statuses,
            Map<ObjectKey, DeclaredStatus> present,
            Context<Namespace> context) {
        var eventsLeft = new AtomicInteger(MAX_EVENTS_AT_ONCE);
        var writes = new ArrayList<Write>();
        snapshot.declared()
                .all()
                .filter(declared -> !statuses.get(declared.key()).equals(present.get(declared.key())))
                .forEach(declared -> writes.add(new Write("status of " + declared.key(), () -> {
                    var status = statuses.get(declared.key());
                    DeclaredStatusWriter.write(declared.key(), declared.uid(), status, context);
                    news(status, Optional.ofNullable(present.get(declared.key())))
                            .filter(ready -> eventsLeft.getAndDecrement() > 0)
                            .ifPresent(ready -> announcer.announce(
                                    declared.key().kind().toString(),
                                    declared.key().name(),
                                    declared.uid(),
                                    new Announcer.News(ready.reason(), ready.message(), !isWell(status)),
                                    snapshot.now()));
                })));
        return writes;
    }

    private static boolean passes(DeclaredStatus status, Condition ready) {
        boolean isWell = status.conditions().stream()
                .noneMatch(condition ->
                        condition.type().equals(Condition.DEGRADED) && condition.status() != Condition.Status.False);
        return ready.status() == Condition.Status.False && isWell && PASSING.contains(ready.reason());
    }

    /** In force, with nothing about it that a person must put right. */
    private static boolean isWell(DeclaredStatus status) {
        return status.conditions().stream().allMatch(condition -> switch (condition.type()) {
            case Condition.READY -> condition.status() == Condition.Status.True;
            case Condition.DEGRADED -> condition.status() == Condition.Status.False;
            default -> true;
        });
    }

    /** The Ready condition, if it says something else than before. What passes by itself is no news. */
    private static Optional<Condition> news(DeclaredStatus status, Optional<DeclaredStatus> present) {
        var before = present.flatMap(RollUp::ready);
        return RollUp.ready(status)
                .filter(ready -> !passes(status, ready))
                .filter(ready -> before.isEmpty()
                        || before.get().status() != ready.status()
                        || !before.get().reason().equals(ready.reason()));
    }
}
