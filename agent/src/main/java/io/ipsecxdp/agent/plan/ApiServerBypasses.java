package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.InstallTime;
import io.ipsecxdp.agent.ledger.JournalChange.DisownPolicy;
import io.ipsecxdp.agent.ledger.JournalChange.OwnPolicy;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.plan.Action.InstallPolicy;
import io.ipsecxdp.agent.plan.Action.RemovePolicy;
import io.ipsecxdp.agent.plan.Action.ReplacePolicy;
import io.ipsecxdp.agent.plan.Action.Write;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The policies that keep the way to the API server open where others cover it: each bypasses TCP between one address of
 * this node and one endpoint, before all others. Nobody declared them; they are of the agent, and go when nothing covers
 * the way any more. For one plan.
 */
final class ApiServerBypasses {

    /** In the place of the uid of a SecurityPolicy, which always is a UUID. */
    private static final Origin ORIGIN = Origin.of("api-server");

    private static final String NAME = "bypass for the API server";

    /** Before all others, whatever priority they have: only a policy with 0 can stand beside it. */
    private static final long FIRST = 0;

    private final DecisionInput now;
    private final ApiServerWay way;
    private final Set<PolicyId> places = new HashSet<>();
    private final Map<PolicyId, DesiredPolicy> wanted = new LinkedHashMap<>();
    /** SecurityPolicies in the place of a bypass. */
    private final Map<PolicyId, DesiredPolicy> declared = new HashMap<>();

    ApiServerBypasses(DecisionInput now) {
        this.now = now;
        this.way = now.facts().apiServer();
        now.desired().policies().values().forEach(policy -> guard(policy.policy(), policy.slice()));
        now.elsewhere().keySet().forEach(entry -> {
            if (entry instanceof DesiredPolicy policy) {
                guard(policy.policy(), policy.slice());
            }
        });
        // What is to go, or to be replaced, covers the way until it does not
        now.journal().policies().values().stream()
                .filter(owned -> !isBypass(owned))
                .forEach(owned -> Optional.ofNullable(now.observed().policies().get(owned.id()))
                        .filter(there -> now.history().isOurs(owned, there))
                        .ifPresent(there -> guard(asPolicy(there), owned.slice())));
        places.addAll(wanted.keySet());
        if (!wanted.isEmpty()) {
            now.desired().policies().values().stream()
                    .filter(policy -> wanted.containsKey(policy.policy().id()))
                    .forEach(policy -> declared.put(policy.policy().id(), policy));
            wanted.keySet().removeAll(declared.keySet());
        }
    }

    private void guard(Policy policy, String slice) {
        if (way.obstacle(policy).isEmpty()) {
            way.bypasses(policy)
                    .forEach(id -> wanted.merge(
                            id,
                            bypass(id, slice),
                            (one, other) -> one.slice().compareTo(other.slice()) <= 0 ? one : other));
        }
    }

    private static DesiredPolicy bypass(PolicyId id, String slice) {
        return new DesiredPolicy(NAME, ORIGIN, slice, new Policy(id, FIRST, Policy.Action.ALLOW, List.of()));
    }

    static Policy asPolicy(ObservedPolicy there) {
        return new Policy(there.id(), there.priority(), there.action(), there.templates(), Set.of(), there.offload());
    }

    static boolean isBypass(OwnedPolicy owned) {
        return owned.origin().equals(ORIGIN);
    }

    /** Where they are, or are to be. */
    Set<PolicyId> places() {
        return Set.copyOf(places);
    }

    boolean wants(PolicyId id) {
        return wanted.containsKey(id);
    }

    /** Why the API server would be out of reach with this policy in force. */
    Optional<String> obstacle(Policy policy) {
        return way.obstacle(policy)
                .or(() -> way.bypasses(policy).stream()
                        .flatMap(id -> taken(id, policy).stream())
                        .findFirst());
    }

    private Optional<String> taken(PolicyId id, Policy policy) {
        DesiredPolicy other = declared.get(id);
        if (other != null) {
            return isBefore(
                            other.policy().action(),
                            other.policy().templates().isEmpty(),
                            other.policy().priority(),
                            policy)
                    ? Optional.empty()
                    : Optional.of("the SecurityPolicy %s has the place of the bypass".formatted(other.name()));
        }
        ObservedPolicy there = now.observed().policies().get(id);
        OwnedPolicy owned = now.journal().policies().get(id);
        boolean ofOthers =
                there != null && (owned == null || !now.history().isOurs(owned, there)) && !isBefore(there, policy);
        return ofOthers
                ? Optional.of("a policy that is not ours has the place of the bypass (%s)".formatted(id))
                : Optional.empty();
    }

    /** Whether the kernel has every bypass that has to stand before the policy. */
    boolean areInForce(Policy policy) {
        return way.bypasses(policy).stream()
                .allMatch(id -> Optional.ofNullable(now.observed().policies().get(id))
                        .filter(there -> isBefore(there, policy))
                        .isPresent());
    }

    private static boolean isBefore(ObservedPolicy there, Policy policy) {
        return isBefore(there.action(), there.templates().isEmpty(), there.priority(), policy);
    }

    private static boolean isBefore(Policy.Action action, boolean plain, long priority, Policy policy) {
        return action == Policy.Action.ALLOW && plain && priority < policy.priority();
    }

    List<Action> actions() {
        List<Action> actions = new ArrayList<>();
        wanted.forEach((id, bypass) -> {
            ObservedPolicy there = now.observed().policies().get(id);
            if (there == null) {
                actions.add(new InstallPolicy(bypass));
                return;
            }
            OwnedPolicy owned = now.journal().policies().get(id);
            OwnedPolicy seen =
                    bypass.owned(InstallTime.readBack(there.counters().added()));
            boolean same = Differences.between(bypass.policy(), there).isEmpty();
            boolean ours = owned == null
                    ? same && isReportedInThisBoot(bypass.slice())
                    : now.history().isOurs(owned, there);
            if (ours && !same) {
                actions.add(new ReplacePolicy(bypass));
            } else if (ours && !seen.equals(owned)) {
                actions.add(new Write(new OwnPolicy(seen)));
            }
        });
        return actions;
    }

    /** With the state folder lost, it is ours where policies of ours are. */
    private boolean isReportedInThisBoot(String slice) {
        return Optional.ofNullable(now.desired().slices().get(slice))
                .flatMap(Slice::status)
                .filter(status -> now.facts().boot().equals(status.boot()))
                .filter(status ->
                        status.securityPolicies().stream().anyMatch(report -> report.state() == EntryState.Installed))
                .isPresent();
    }

    /** What to do about one that is not wanted. As long as not all API servers are known, it may be needed. */
    Optional<Action> leftover(OwnedPolicy owned) {
        if (!way.learned()) {
            return Optional.empty();
        }
        ObservedPolicy there = now.observed().policies().get(owned.id());
        boolean live = there != null && now.history().isOurs(owned, there);
        return Optional.of(live ? new RemovePolicy(owned) : new Write(new DisownPolicy(owned.id())));
    }
}
