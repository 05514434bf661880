package io.ipsecxdp.agent.plan;

import java.util.List;

/** How an entry stands, and what to do about it. */
record Decision(EntryStatus standing, List<Action> actions) {

    Decision {
        actions = List.copyOf(actions);
    }

    static Decision of(EntryStatus standing, Action... actions) {
        return new Decision(standing, List.of(actions));
    }
}
