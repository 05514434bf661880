package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.crds.PlannedPolicy;
import java.util.List;
import java.util.Set;

/**
 * What protects the node after its next boot, until the agent has a plan again: no keys are in it.
 *
 * @param boot under which the policies were in force
 * @param apiServers where the API server is, behind its configured address; none if that was never known
 * @param policies as they were planned, with the names of their interfaces: an index is of one boot
 */
public record PoliciesInForce(String boot, Set<ApiServerAddress> apiServers, List<HeldPolicy> policies) {

    public PoliciesInForce {
        apiServers = Set.copyOf(apiServers);
        policies = List.copyOf(policies);
    }

    /** A TCP port that an API server listens on, with an address as in a URL, without brackets. */
    public record ApiServerAddress(String address, int port) {}

    /** @param slice of the plan that ordered it */
    public record HeldPolicy(String slice, PlannedPolicy policy) {}
}
