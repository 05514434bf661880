package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.NodePlanSpec;
import java.util.Optional;

/**
 * A NodePlan as it is.
 *
 * @param nodeUid uid of the Node that owns it, if one does
 */
public record ExistingSlice(String name, Optional<String> nodeUid, NodePlanSpec spec) {}
