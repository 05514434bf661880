package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.KeyShareSpec;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is to be done. Kernel and API server are asked in this order: inbound SAs, outbound SAs, policies, what is too much in
 * the reverse order, and the share when all of it was read back.
 *
 * @param memory to be stored before anything else is done
 * @param sas those that the kernel must have, and no others of tunnels
 * @param policies those that it must have, by pair
 * @param share what the node says to the others
 * @param make why a new generation is needed, if it is and there is room for one
 * @param wipe generations whose private values are needed no more
 * @param waitsFor names of peers that have not followed, if a rekey waits for them
 */
public record TunnelDecision(
        TunnelMemory memory,
        Set<TunnelSa> sas,
        Map<TunnelPair, PairPolicies> policies,
        KeyShareSpec share,
        Optional<RekeyCause> make,
        Set<String> wipe,
        Set<String> waitsFor) {}
