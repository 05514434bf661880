package io.ipsecxdp.operator.rollup;

import io.ipsecxdp.crds.Condition.Status;

/** What the three conditions say; reason and message are the same for all of them. */
record Readiness(Status ready, Status progressing, Status degraded, String reason, String message) {}
