package io.ipsecxdp.agent.report;

import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import java.time.Instant;
import java.util.Optional;

/**
 * The agent does not do its work on SAD and SPD, and not just for a moment.
 *
 * @param trouble a sentence about the cause
 * @param lastRead when the kernel was read last, if that is as long ago as the trouble: what was seen then counts no more
 */
public record Failing(String trouble, Optional<Instant> lastRead) {

    /** How an entry stands that stood like this when it was last looked at. */
    EntryStatus instead(EntryStatus seen) {
        return switch (seen.state()) {
            case Failed -> seen;
            case Pending -> status("Waits for the agent of this node. " + trouble);
            case Installed ->
                lastRead.map(at -> status(
                                "It is not known whether the kernel still has it, which was read at %s for the last time. %s"
                                        .formatted(at, trouble)))
                        .orElse(seen);
        };
    }

    private static EntryStatus status(String message) {
        return new EntryStatus(EntryState.Pending, Reason.AgentFailing, message);
    }
}
