package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.plan.Action;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * What was done and is not logged yet. It is logged after the round, because to write a line takes longer than to install
 * an SA. For one thread.
 */
final class ActionLog {

    private static final Logger LOG = Logger.getLogger(ActionLog.class);

    /** Up to this number each action has a line of its own; of more than that nobody reads each, and they are counted. */
    private static final int MOST_LINES = 20;

    private final List<Action.Logged> done = new ArrayList<>();

    void add(Action.Logged action) {
        done.add(action);
    }

    void flush() {
        lines(done).forEach(LOG::info);
        done.clear();
    }

    static List<String> lines(List<Action.Logged> done) {
        if (done.size() <= MOST_LINES) {
            return done.stream().map(Action.Logged::sentence).toList();
        }
        Map<String, Long> counts = done.stream()
                .collect(Collectors.groupingBy(Action.Logged::kind, LinkedHashMap::new, Collectors.counting()));
        return List.of("%s; the last: %s"
                .formatted(
                        counts.entrySet().stream()
                                .map(count -> count.getKey() + ": " + count.getValue())
                                .collect(Collectors.joining(", ")),
                        done.getLast().sentence()));
    }
}
