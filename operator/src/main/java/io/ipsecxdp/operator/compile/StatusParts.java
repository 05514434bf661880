package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.FailingNode;
import io.ipsecxdp.crds.FlowStatus;
import io.ipsecxdp.crds.KeyHolder;
import io.ipsecxdp.crds.KeyUseOnNode;
import io.ipsecxdp.crds.SecurityAssociationStatus;
import io.ipsecxdp.crds.SteeringStatus;
import io.ipsecxdp.crds.TunnelStatus;
import java.util.List;
import java.util.Optional;

/**
 * What the statuses of all kinds are made of.
 *
 * @param ends the addresses in force or planned, of a kind that has two ends
 * @param keyUses where keys of the object were used
 * @param keyHolder the SA that has, or had, its key first
 * @param figures of a tunnel, what its nodes report in figures
 */
public record StatusParts(
        long generation,
        Optional<EndAddresses> ends,
        int desired,
        int ready,
        int failed,
        List<FailingNode> failingNodes,
        List<Condition> conditions,
        List<KeyUseOnNode> keyUses,
        Optional<KeyHolder> keyHolder,
        Optional<TunnelFigures> figures) {

    SecurityAssociationStatus sa() {
        return new SecurityAssociationStatus(
                generation,
                source(),
                destination(),
                desired,
                ready,
                failed,
                failingNodes,
                conditions,
                keyUses,
                keyHolder.orElse(null));
    }

    FlowStatus flow() {
        return new FlowStatus(generation, source(), destination(), desired, ready, failed, failingNodes, conditions);
    }

    TunnelStatus tunnel() {
        var known = figures.orElseThrow();
        return new TunnelStatus(
                generation,
                desired,
                ready,
                failed,
                failingNodes,
                known.pairs(),
                known.oldestKey().orElse(null),
                known.mtu().orElse(null),
                conditions);
    }

    SteeringStatus steering() {
        return new SteeringStatus(generation, desired, ready, failed, failingNodes, conditions);
    }

    /** Null if it is not known: so it is absent in the status. */
    private String source() {
        return ends.map(EndAddresses::source).map(Object::toString).orElse(null);
    }

    /** Null if it is not known: so it is absent in the status. */
    private String destination() {
        return ends.map(EndAddresses::destination).map(Object::toString).orElse(null);
    }
}
