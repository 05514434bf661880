package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.PoliciesInForce;
import io.ipsecxdp.agent.ledger.PoliciesInForce.ApiServerAddress;
import io.ipsecxdp.agent.ledger.PoliciesInForce.HeldPolicy;
import io.ipsecxdp.agent.plan.Desired.PolicyKey;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.xfrm.IpLiterals;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Protection from boot on. What was in force is written down, and is put in force again before anything else is known: a
 * policy that protects drops what finds no SA, so that nothing leaves in clear.
 */
public final class BootPolicies {

    private BootPolicies() {}

    /**
     * What is to be written down after a round.
     *
     * <p>A planned policy counts as soon as it is in force, and then as it was, until it is in force otherwise or is not
     * planned any more. A missing plan orders nothing.
     */
    public static Optional<PoliciesInForce> after(Round round, KernelInfo facts, Optional<PoliciesInForce> before) {
        Collection<Slice> slices = round.desired().slices().values();
        if (slices.isEmpty()) {
            return before;
        }
        Map<PolicyKey, HeldPolicy> known = new HashMap<>();
        before.ifPresent(held -> held.policies().forEach(policy -> known.put(PolicyKey.of(policy.policy()), policy)));
        Map<PolicyKey, HeldPolicy> now = new LinkedHashMap<>();
        slices.stream()
                .sorted(Comparator.comparing(Slice::name))
                .forEach(slice -> slice.spec().securityPolicies().forEach(planned -> {
                    PolicyKey key = PolicyKey.of(planned);
                    boolean installed = Optional.ofNullable(
                                    round.plan().policies().get(key))
                            .filter(status -> status.state() == EntryState.Installed)
                            .isPresent();
                    Optional.of(new HeldPolicy(slice.name(), planned))
                            .filter(policy -> installed)
                            .or(() -> Optional.ofNullable(known.get(key)))
                            .ifPresent(policy -> now.putIfAbsent(key, policy));
                }));
        known.values().stream()
                .filter(held -> !round.desired().slices().containsKey(held.slice()))
                .forEach(held -> now.putIfAbsent(PolicyKey.of(held.policy()), held));
        Set<ApiServerAddress> apiServers = facts.apiServer().learned()
                ? addresses(facts.apiServer())
                : before.map(PoliciesInForce::apiServers).orElse(Set.of());
        return Optional.of(new PoliciesInForce(facts.boot(), apiServers, List.copyOf(now.values())));
    }

    /** Whether they were in force under another boot, and no plan was there since. */
    public static boolean areToBeHeld(PoliciesInForce policies, String boot) {
        return !policies.boot().equals(boot) && !policies.policies().isEmpty();
    }

    /** Where the API server was reached. */
    public static Set<ApiServerWay.Endpoint> apiServers(PoliciesInForce policies) {
        return policies.apiServers().stream()
                .map(known -> new ApiServerWay.Endpoint(IpLiterals.parse(known.address()), known.port()))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static Set<ApiServerAddress> addresses(ApiServerWay way) {
        return way.endpoints().stream()
                .map(endpoint -> new ApiServerAddress(endpoint.address().getHostAddress(), endpoint.port()))
                .collect(Collectors.toUnmodifiableSet());
    }
}
