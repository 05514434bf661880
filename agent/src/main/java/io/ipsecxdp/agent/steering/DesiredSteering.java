package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.crds.PlannedSteering;

/**
 * An interface that must be steered, and how.
 *
 * @param key of the entry of the policy that means it
 * @param slice name of the slice that says so
 */
record DesiredSteering(String interfaceName, InterfaceStatus.Key key, PlannedSteering planned, String slice) {}
