package io.ipsecxdp.operator.watch;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toMap;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityPolicy;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.operator.compile.ClusterSnapshot;
import io.ipsecxdp.operator.compile.Kind;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.rollup.Observations;
import io.ipsecxdp.operator.write.NodeEvents;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** What the informers have, own writes of a moment ago included. */
public final class InformerView {
    private final List<SecurityAssociation> securityAssociations;
    private final List<SecurityPolicy> securityPolicies;
    private final List<SteeringPolicy> steeringPolicies;
    private final List<Node> nodes;
    private final List<IPsecNode> ipsecNodes;
    private final List<NodePlan> plans;
    private final Heartbeats.Alive alive;

    private InformerView(Context<Namespace> context, Heartbeats heartbeats) {
        this.securityAssociations = declared(context, SecurityAssociation.class);
        this.securityPolicies = declared(context, SecurityPolicy.class);
        this.steeringPolicies = declared(context, SteeringPolicy.class);
        this.nodes = all(context, Node.class).toList();
        this.ipsecNodes = all(context, IPsecNode.class).toList();
        this.plans = all(context, NodePlan.class).toList();
        this.alive = heartbeats.alive(
                all(context, Lease.class).filter(Heartbeats::isAgents).toList());
    }

    public static InformerView by(Context<Namespace> context, Heartbeats heartbeats) {
        return new InformerView(context, heartbeats);
    }

    public ClusterSnapshot snapshot() {
        return new ClusterSnapshot(
                map(securityAssociations, object -> ApiMapping.declared(Kind.SECURITY_ASSOCIATION, object)),
                map(securityPolicies, object -> ApiMapping.declared(Kind.SECURITY_POLICY, object)),
                map(steeringPolicies, object -> ApiMapping.declared(Kind.STEERING_POLICY, object)),
                map(nodes, ApiMapping::node),
                map(ipsecNodes, ApiMapping::facts),
                map(plans, ApiMapping::slice),
                alive.nodes());
    }

    public Observations observations() {
        return Observations.of(map(plans, ApiMapping::observed), alive.nodes());
    }

    public Map<ObjectKey, DeclaredStatus> statuses() {
        var statuses = new HashMap<ObjectKey, DeclaredStatus>();
        collect(Kind.SECURITY_ASSOCIATION, securityAssociations, statuses);
        collect(Kind.SECURITY_POLICY, securityPolicies, statuses);
        collect(Kind.STEERING_POLICY, steeringPolicies, statuses);
        return statuses;
    }

    /** The NodePlans by name. */
    public Map<String, NodePlan> plans() {
        return plans.stream().collect(toMap(plan -> plan.getMetadata().getName(), identity()));
    }

    /** How the nodes do, by what their agents say. */
    public List<NodeEvents.Health> health() {
        return ipsecNodes.stream()
                .flatMap(node -> ApiMapping.health(node).stream())
                .toList();
    }

    public Heartbeats.Alive alive() {
        return alive;
    }

    /** An object that waits for finalizers of others is deleted as far as its user is concerned. */
    private static <T extends HasMetadata> List<T> declared(Context<Namespace> context, Class<T> type) {
        return all(context, type)
                .filter(object -> object.getMetadata().getDeletionTimestamp() == null)
                .toList();
    }

    private static <T extends HasMetadata> Stream<T> all(Context<Namespace> context, Class<T> type) {
        return context.getSecondaryResourcesAsStream(type);
    }

    private static void collect(
            Kind kind,
            Collection<? extends CustomResource<?, ? extends DeclaredStatus>> objects,
            Map<ObjectKey, DeclaredStatus> statuses) {
        for (var object : objects) {
            if (object.getStatus() != null) {
                statuses.put(new ObjectKey(kind, object.getMetadata().getName()), object.getStatus());
            }
        }
    }

    private static <T, V> List<V> map(List<T> objects, Function<T, V> function) {
        return objects.stream().map(function).toList();
    }
}
