package io.ipsecxdp.agent.plan;

import java.util.List;

/** How an entry stands, and what to do about it. */
record Decision(EntryStatus status, List<Action> actions) {

    Decision {
        actions = List.copyOf(actions);
    }

    static Decision of(EntryStatus status, Action... actions) {
        return new Decision(status, List.of(actions));
    }
}
