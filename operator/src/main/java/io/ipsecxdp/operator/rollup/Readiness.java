package io.ipsecxdp.operator.rollup;

import io.ipsecxdp.crds.Condition.Status;

/** What the four conditions say; reason and message are the same for all of them. */
record Readiness(Status ready, Kstatus kstatus, Status degraded, String reason, String message) {
    Status reconciling() {
        return is(Kstatus.IN_PROGRESS);
    }

    Status stalled() {
        return is(Kstatus.FAILED);
    }

    private Status is(Kstatus other) {
        return kstatus == other ? Status.True : Status.False;
    }
}
