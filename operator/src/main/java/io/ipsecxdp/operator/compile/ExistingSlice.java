package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.NodePlanSpec;
import java.util.Optional;

/**
 * A NodePlan as it is.
 *
 * @param nodeUid uid of the Node that owns it, if one does
 * @param observedGeneration the generation that its agent reports about; empty as long as it reports nothing
 */
public record ExistingSlice(
        String name, Optional<String> nodeUid, NodePlanSpec spec, long generation, Optional<Long> observedGeneration) {

    /** Whether what is reported is about this plan, and not about one before it. */
    boolean isObserved() {
        return observedGeneration.filter(observed -> observed >= generation).isPresent();
    }
}
