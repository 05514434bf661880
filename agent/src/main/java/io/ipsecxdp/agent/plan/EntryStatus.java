package io.ipsecxdp.agent.plan;

import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;

/** How an entry of the plan stands. */
public record EntryStatus(EntryState state, Reason reason, String message) {

    public static EntryStatus installed(String message) {
        return new EntryStatus(EntryState.Installed, Reason.Installed, message);
    }

    public static EntryStatus pending(String message) {
        return new EntryStatus(EntryState.Pending, Reason.Installing, message);
    }

    public static EntryStatus failed(Reason reason, String message) {
        return new EntryStatus(EntryState.Failed, reason, message);
    }
}
