package io.ipsecxdp.agent.plan;

import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;

/** How an entry of the plan stands. */
public record Standing(EntryState state, Reason reason, String message) {

    public static Standing installed(String message) {
        return new Standing(EntryState.Installed, Reason.Installed, message);
    }

    public static Standing pending(String message) {
        return new Standing(EntryState.Pending, Reason.Installing, message);
    }

    public static Standing failed(Reason reason, String message) {
        return new Standing(EntryState.Failed, reason, message);
    }
}
