package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.TunnelPeer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All that a decision about tunnels is made of.
 *
 * @param self name, uid and boot of this node
 * @param shares by uid of the node, without this node's own
 * @param seen the highest resourceVersion of KeyShares up to which this node has seen all
 * @param published this node's own KeyShare as the API server has it
 * @param kernel the SAs of tunnels in the kernel, read back
 * @param lost SAs that were installed once and are not there any more; their keys are not used again
 * @param policies the policies of pairs in the kernel, read back
 * @param cpus the CPUs that send, for which the kernel can have an SA each
 * @param worn outbound SAs that have encrypted all that their key should
 * @param asked why new keys are wanted whatever this node has, such as by hand
 */
public record TunnelInput(
        Self self,
        List<Membership> tunnels,
        Map<String, PeerShare> shares,
        long seen,
        Optional<KeyShareSpec> published,
        Set<TunnelSa> kernel,
        Set<TunnelSa> lost,
        Map<TunnelPair, PairPolicies> policies,
        List<Integer> cpus,
        Set<TunnelSa> worn,
        Optional<RekeyCause> asked,
        Instant now) {

    /** This node. */
    public record Self(String name, String uid, String boot) {}

    PairPolicies policies(TunnelPair pair) {
        return policies.getOrDefault(pair, PairPolicies.NONE);
    }

    Optional<PeerShare> share(TunnelPeer peer) {
        return Optional.ofNullable(shares.get(peer.uid()));
    }
}
