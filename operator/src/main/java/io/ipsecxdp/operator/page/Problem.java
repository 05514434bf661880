package io.ipsecxdp.operator.page;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.FailingNode;
import io.ipsecxdp.crds.IPsecNode;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Why something is not Ready, or is Degraded, and what to do about it: what {@code kubectl ipsec status} says, in its words.
 *
 * @param message with the remedy
 * @param nodes on which nodes it is not in force; {@code failedNodes} counts those that are not listed too
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record Problem(
        String kind,
        String name,
        State state,
        Optional<String> reason,
        String message,
        List<FailingNode> nodes,
        int failedNodes) {

    /** The worst first. */
    enum State {
        Stalled,
        NotReady,
        Reconciling,
        Degraded
    }

    static final Comparator<Problem> WORST_FIRST =
            Comparator.comparing(Problem::state).thenComparing(Problem::kind).thenComparing(Problem::name);

    static final String UNSEEN =
            "the operator has not seen it as it is declared: if that stays so, look at the pod of ipsec-xdp-operator";
    static final String UNREPORTED =
            "nothing is reported yet: if that stays so, look at the pods of ipsec-xdp-operator, and of "
                    + "ipsec-xdp-agent on the node";
    /** Which only who has the Leases can say. */
    private static final String SILENT =
            "the agent's Lease has expired, or there never was one: look at the agent's pod on that "
                    + "node; traffic is not affected";

    boolean isReady() {
        return state == State.Degraded;
    }

    static Optional<Problem> of(CustomResource<?, ? extends DeclaredStatus> object) {
        Optional<DeclaredStatus> status = Optional.ofNullable(object.getStatus());
        if (!status.map(DeclaredStatus::observedGeneration)
                .equals(Optional.of(object.getMetadata().getGeneration()))) {
            return Optional.of(coming(object.getKind(), object.getMetadata().getName(), UNSEEN));
        }
        return of(
                object.getKind(),
                object.getMetadata().getName(),
                status.get().conditions(),
                status.get().failingNodes(),
                Optional.ofNullable(status.get().failedNodes()).orElse(0));
    }

    static Optional<Problem> of(IPsecNode node, Set<String> alive) {
        String name = node.getMetadata().getName();
        if (!alive.contains(name)) {
            return Optional.of(new Problem(
                    node.getKind(), name, State.NotReady, Optional.of("AgentNotReporting"), SILENT, List.of(), 0));
        }
        return of(
                node.getKind(),
                name,
                Optional.ofNullable(node.getStatus())
                        .map(status -> status.conditions())
                        .orElse(List.of()),
                List.of(),
                0);
    }

    private static Optional<Problem> of(
            String kind, String name, List<Condition> conditions, List<FailingNode> nodes, int failedNodes) {
        Optional<Condition> ready = Condition.of(Condition.READY, conditions);
        if (ready.isEmpty()) {
            return Optional.of(coming(kind, name, UNREPORTED));
        }
        if (ready.get().status() != Condition.Status.True) {
            State state = holds(conditions, Condition.STALLED)
                    ? State.Stalled
                    : holds(conditions, Condition.RECONCILING) ? State.Reconciling : State.NotReady;
            return Optional.of(because(kind, name, state, ready.get(), nodes, failedNodes));
        }
        return Condition.of(Condition.DEGRADED, conditions)
                .filter(degraded -> degraded.status() == Condition.Status.True)
                .map(degraded -> because(kind, name, State.Degraded, degraded, nodes, failedNodes));
    }

    private static Problem coming(String kind, String name, String message) {
        return new Problem(kind, name, State.Reconciling, Optional.empty(), message, List.of(), 0);
    }

    private static Problem because(
            String kind, String name, State state, Condition condition, List<FailingNode> nodes, int failedNodes) {
        return new Problem(kind, name, state, Optional.of(condition.reason()), condition.message(), nodes, failedNodes);
    }

    private static boolean holds(List<Condition> conditions, String type) {
        return Condition.of(type, conditions)
                .filter(condition -> condition.status() == Condition.Status.True)
                .isPresent();
    }
}
