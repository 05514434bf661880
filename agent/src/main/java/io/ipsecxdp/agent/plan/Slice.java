package io.ipsecxdp.agent.plan;

import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import java.util.Optional;

/**
 * One NodePlan of this node.
 *
 * @param uid of the NodePlan itself: another one of the same name is another one
 * @param status what this agent, or the one before it, reported last; empty if nothing
 */
public record Slice(String name, String uid, long generation, NodePlanSpec spec, Optional<NodePlanStatus> status) {

    /** The same orders, with what is reported of them now. */
    public Slice with(Optional<NodePlanStatus> reported) {
        return new Slice(name, uid, generation, spec, reported);
    }
}
