package io.ipsecxdp.agent.node;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.NodePlan;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Watches the NodePlans of this node. */
public final class PlanInformer implements AutoCloseable {

    /** So that never more than a few of them are there as JSON and as values at once. */
    private static final long SLICES_IN_AN_ANSWER = 4;

    private final String node;
    private final GuardedInformer<NodePlan> informer;

    /**
     * Begins to watch, in the background and for as long as it takes.
     *
     * @param listener gets all slices whenever one changed, for the first time when all are known
     */
    public PlanInformer(KubernetesClient client, String node, Consumer<List<Slice>> listener) {
        this.node = node;
        this.informer = new GuardedInformer<>(
                "this node's plan",
                () -> client.resources(NodePlan.class).withLabel(Api.NODE_LABEL, Api.nodeLabel(node)),
                SLICES_IN_AN_ANSWER,
                all -> listener.accept(slices(all.objects())));
    }

    public boolean known() {
        return informer.known();
    }

    @Override
    public void close() {
        informer.close();
    }

    private List<Slice> slices(List<NodePlan> plans) {
        return plans.stream()
                .filter(plan ->
                        plan.getSpec() != null && node.equals(plan.getSpec().node()))
                .map(plan -> new Slice(
                        plan.getMetadata().getName(),
                        plan.getMetadata().getUid(),
                        plan.getMetadata().getGeneration(),
                        plan.getSpec(),
                        Optional.ofNullable(plan.getStatus())))
                .toList();
    }
}
