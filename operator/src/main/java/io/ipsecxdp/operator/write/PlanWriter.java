package io.ipsecxdp.operator.write;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toMap;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.operator.compile.Compilation;
import io.ipsecxdp.operator.compile.ExistingSlice;
import io.ipsecxdp.operator.compile.PlannedSlice;
import io.ipsecxdp.operator.write.Writes.Write;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes NodePlans by server-side apply, those that differ from what is there. A plan is written over the very version that
 * compile saw: an operator that slept while another one led orders nothing by what it remembers.
 */
@ApplicationScoped
public class PlanWriter {

    public List<Write> writes(
            Compilation compilation,
            Collection<ExistingSlice> existing,
            Map<String, NodePlan> present,
            Context<Namespace> context) {
        var labelled = existing.stream()
                .filter(slice -> isLabelled(present.get(slice.name())))
                .collect(toMap(ExistingSlice::name, identity()));
        var writes = new ArrayList<Write>();
        for (var slice : compilation.slices()) {
            if (Optional.ofNullable(labelled.get(slice.name()))
                    .filter(slice::isThere)
                    .isEmpty()) {
                writes.add(new Write(
                        "plan " + slice.name(),
                        () -> context.resourceOperations()
                                .serverSideApply(plan(slice, Optional.ofNullable(present.get(slice.name()))))));
            }
        }
        for (String name : compilation.abandoned()) {
            writes.add(new Write(
                    "deletion of plan " + name,
                    () -> context.getClient()
                            .resources(NodePlan.class)
                            .withName(name)
                            .delete()));
        }
        return writes;
    }

    private static boolean isLabelled(NodePlan plan) {
        return Optional.ofNullable(plan.getMetadata().getLabels())
                .map(labels -> labels.get(Api.NODE_LABEL))
                .filter(Api.nodeLabel(plan.getSpec().node())::equals)
                .isPresent();
    }

    private static NodePlan plan(PlannedSlice slice, Optional<NodePlan> seen) {
        String node = slice.spec().node();
        var metadata = new ObjectMetaBuilder().withName(slice.name()).addToLabels(Api.NODE_LABEL, Api.nodeLabel(node));
        seen.ifPresent(plan -> metadata.withResourceVersion(plan.getMetadata().getResourceVersion()));
        slice.nodeUid()
                .ifPresent(uid -> metadata.addToOwnerReferences(new OwnerReferenceBuilder()
                        .withApiVersion(HasMetadata.getApiVersion(Node.class))
                        .withKind(HasMetadata.getKind(Node.class))
                        .withName(node)
                        .withUid(uid)
                        .build()));
        var plan = new NodePlan();
        plan.setMetadata(metadata.build());
        plan.setSpec(slice.spec());
        return plan;
    }
}
