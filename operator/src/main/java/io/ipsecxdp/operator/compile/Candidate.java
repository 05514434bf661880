package io.ipsecxdp.operator.compile;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;

/**
 * An SA or a policy before conflicts are settled.
 *
 * @param nodes nodes that the object names
 * @param ends its addresses, if they could be resolved
 * @param wanted entries that it asks for; empty if there are findings
 * @param inForce its entries in the plans as they are
 * @param standingClaims what it claims even if nothing of it is planned
 */
record Candidate(
        Declared<?> object,
        SortedSet<String> nodes,
        Optional<EndAddresses> ends,
        List<Placed> wanted,
        List<Placed> inForce,
        Set<IdentityClaim> standingClaims,
        List<Finding> findings) {}
