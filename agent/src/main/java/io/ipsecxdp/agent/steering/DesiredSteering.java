package io.ipsecxdp.agent.steering;

import io.ipsecxdp.crds.PlannedSteering;

/**
 * An interface that must be steered, and how.
 *
 * @param slice name of the slice that says so
 */
record DesiredSteering(String interfaceName, PlannedSteering planned, String slice) {}
