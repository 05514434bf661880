package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.NodePlanSpec;
import java.util.Optional;

/**
 * A NodePlan as it must be.
 *
 * @param nodeUid uid of the Node that owns it, if one is known
 */
public record PlannedSlice(String name, Optional<String> nodeUid, NodePlanSpec spec) {
    /** Whether {@code existing} is this plan already, the order of entries apart. */
    public boolean isThere(ExistingSlice existing) {
        return name.equals(existing.name())
                && nodeUid.equals(existing.nodeUid())
                && spec.equals(Slicer.plan(existing.spec().node(), Entry.of(existing.spec())));
    }
}
