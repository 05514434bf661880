package io.ipsecxdp.agent.node;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
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

    private final SharedIndexInformer<NodePlan> informer;

    /**
     * Begins to watch, in the background and for as long as it takes.
     *
     * @param listener gets all slices whenever one changed, for the first time when all are known
     */
    public PlanInformer(KubernetesClient client, String node, Consumer<List<Slice>> listener) {
        informer = client.resources(NodePlan.class)
                .withLabel(Api.NODE_LABEL, Api.nodeLabel(node))
                .withLimit(SLICES_IN_AN_ANSWER)
                .runnableInformer(0);
        Runnable tell = () -> {
            if (informer.hasSynced()) {
                listener.accept(slices(node));
            }
        };
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(NodePlan plan) {
                tell.run();
            }

            @Override
            public void onUpdate(NodePlan before, NodePlan after) {
                tell.run();
            }

            @Override
            public void onDelete(NodePlan plan, boolean finalStateUnknown) {
                tell.run();
            }
        });
        // A node without a plan, an API server that is down, a CRD that is not there yet: all pass
        informer.exceptionHandler((started, failure) -> true);
        informer.start().thenRun(tell);
    }

    public boolean known() {
        return informer.hasSynced();
    }

    @Override
    public void close() {
        informer.stop();
    }

    private List<Slice> slices(String node) {
        return informer.getStore().list().stream()
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
