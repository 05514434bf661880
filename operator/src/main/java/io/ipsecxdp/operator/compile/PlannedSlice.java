package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.NodePlanSpec;
import java.util.Optional;

/**
 * A NodePlan as it must be.
 *
 * @param nodeUid uid of the Node that owns it, if one is known
 */
public record PlannedSlice(String name, Optional<String> nodeUid, NodePlanSpec spec) {}
