package io.ipsecxdp.operator.page;

import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.TunnelPeers;
import java.util.List;
import java.util.Set;

/**
 * What the informers have, as far as the page shows it.
 *
 * @param declared what users declared, of all kinds
 * @param alive nodes whose agents renew their Leases
 */
public record PageInput(
        List<CustomResource<?, ? extends DeclaredStatus>> declared,
        List<IPsecNode> nodes,
        List<NodePlan> plans,
        List<TunnelPeers> peers,
        List<KeyShare> shares,
        Set<String> alive) {

    public PageInput {
        declared = List.copyOf(declared);
        nodes = List.copyOf(nodes);
        plans = List.copyOf(plans);
        peers = List.copyOf(peers);
        shares = List.copyOf(shares);
        alive = Set.copyOf(alive);
    }
}
