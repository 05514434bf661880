package io.ipsecxdp.operator.watch;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.TunnelPeers;
import io.ipsecxdp.operator.compile.ClusterSnapshot;
import io.ipsecxdp.operator.compile.Declarations;
import io.ipsecxdp.operator.compile.DeclaredKind;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.compile.Reports;
import io.ipsecxdp.operator.compile.TunnelState;
import io.ipsecxdp.operator.write.NodeEvents;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** What the informers have, own writes of a moment ago included. */
public final class InformerView {
    private final Map<DeclaredKind<?, ?>, List<? extends CustomResource<?, ? extends DeclaredStatus>>> declared;
    private final List<Node> nodes;
    private final List<IPsecNode> ipsecNodes;
    private final List<NodePlan> plans;
    private final List<TunnelPeers> peers;
    private final List<KeyShare> shares;
    private final Heartbeats.Alive alive;
    private final Deletions.Recent deletions;
    private final Instant now;

    private InformerView(Context<Namespace> context, Heartbeats heartbeats, Deletions deletions, Instant now) {
        this.declared = DeclaredKind.ALL.stream().collect(toMap(identity(), kind -> declared(context, kind.type())));
        this.nodes = all(context, Node.class).toList();
        this.ipsecNodes = all(context, IPsecNode.class).toList();
        this.plans = all(context, NodePlan.class).toList();
        this.peers = all(context, TunnelPeers.class).toList();
        this.shares = all(context, KeyShare.class).toList();
        this.alive = heartbeats.alive(
                all(context, Lease.class).filter(Heartbeats::isAgents).toList());
        this.deletions = deletions.recent(
                plans.stream()
                        .flatMap(plan -> plan.getSpec().securityAssociations().stream())
                        .map(PlannedSa::uid)
                        .collect(toSet()),
                declared.get(DeclaredKind.SECURITY_ASSOCIATION).stream()
                        .map(sa -> sa.getMetadata().getUid())
                        .collect(toSet()),
                now);
        this.now = now;
    }

    public static InformerView by(Context<Namespace> context, Heartbeats heartbeats, Deletions deletions, Instant now) {
        return new InformerView(context, heartbeats, deletions, now);
    }

    public ClusterSnapshot snapshot() {
        var declarations = Declarations.NONE;
        for (var kind : DeclaredKind.ALL) {
            declarations = with(declarations, kind);
        }
        var statuses = map(plans, ApiMapping::observed);
        return new ClusterSnapshot(
                declarations.withJustDeleted(deletions.uids()),
                map(nodes, ApiMapping::node),
                map(ipsecNodes, ApiMapping::facts),
                map(plans, ApiMapping::slice),
                Reports.of(statuses),
                ApiMapping.keyMemory(declared.get(DeclaredKind.SECURITY_ASSOCIATION)),
                TunnelState.of(
                        map(peers, ApiMapping::peers),
                        shares.stream()
                                .collect(toMap(share -> share.getMetadata().getName(), ApiMapping::share)),
                        statuses),
                alive.nodes(),
                now);
    }

    private <S> Declarations with(Declarations declarations, DeclaredKind<S, ?> kind) {
        return declarations.with(
                kind,
                declared.get(kind).stream()
                        .map(object -> ApiMapping.declared(kind, kind.type().cast(object)))
                        .toList());
    }

    public Map<ObjectKey, DeclaredStatus> statuses() {
        var statuses = new HashMap<ObjectKey, DeclaredStatus>();
        declared.forEach((kind, objects) -> objects.stream()
                .filter(object -> object.getStatus() != null)
                .forEach(object ->
                        statuses.put(new ObjectKey(kind, object.getMetadata().getName()), object.getStatus())));
        return statuses;
    }

    /** The NodePlans by name. */
    public Map<String, NodePlan> plans() {
        return plans.stream().collect(toMap(plan -> plan.getMetadata().getName(), identity()));
    }

    public List<Node> nodes() {
        return nodes;
    }

    public List<IPsecNode> ipsecNodes() {
        return ipsecNodes;
    }

    /** The TunnelPeers by name. */
    public Map<String, TunnelPeers> peers() {
        return peers.stream().collect(toMap(slice -> slice.getMetadata().getName(), identity()));
    }

    /** How the nodes do, by what their agents say. */
    public List<NodeEvents.Health> health() {
        return ipsecNodes.stream()
                .flatMap(node -> ApiMapping.health(node).stream())
                .toList();
    }

    /** When what is known here means something else, although nothing happens until then. */
    public Optional<Instant> nextExpiry() {
        return Stream.of(alive.nextExpiry(), deletions.nextExpiry())
                .flatMap(Optional::stream)
                .min(Instant::compareTo);
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

    private static <T, V> List<V> map(List<T> objects, Function<T, V> function) {
        return objects.stream().map(function).toList();
    }
}
