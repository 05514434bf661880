package io.ipsecxdp.operator.watch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.TunnelPeers;
import io.ipsecxdp.operator.OperatorConfig;
import io.ipsecxdp.operator.compile.DeclaredKind;
import io.ipsecxdp.operator.page.PageInput;
import io.ipsecxdp.operator.write.NodeEvents;
import io.ipsecxdp.operator.write.StartupTaint;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.Cache;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.filter.OnUpdateFilter;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * All that the operator watches. Each event leads to the one primary, the release's Namespace, so that a burst of them
 * is one reconcile. An update that changes nothing that compile or roll-up reads is none.
 */
@ApplicationScoped
public class Sources {
    private final OperatorConfig config;
    private final Heartbeats heartbeats;
    private final Map<Class<?>, Cache<?>> caches = new ConcurrentHashMap<>();

    public Sources(OperatorConfig config, Heartbeats heartbeats) {
        this.config = config;
        this.heartbeats = heartbeats;
    }

    public List<EventSource<?, Namespace>> of(EventSourceContext<Namespace> context) {
        OnUpdateFilter<HasMetadata> isChangedByUser = (now, before) ->
                isChanged(now, before, object -> object.getMetadata().getGeneration())
                        || isChanged(now, before, object -> object.getMetadata().getDeletionTimestamp());
        var sources = new ArrayList<EventSource<?, Namespace>>();
        DeclaredKind.ALL.forEach(
                kind -> sources.add(source(kind.type(), TrimmedStore.ofManagedFields(), isChangedByUser, context)));
        sources.addAll(List.of(
                source(
                        Node.class,
                        TrimmedStore.ofNodes(),
                        (now, before) -> isChanged(now, before, ApiMapping::node)
                                || isChanged(now, before, StartupTaint::boot)
                                || isChanged(now, before, node -> node.getSpec().getTaints()),
                        context),
                source(
                        IPsecNode.class,
                        TrimmedStore.ofManagedFields(),
                        (now, before) -> isChanged(now, before, ApiMapping::facts)
                                || isChanged(now, before, ApiMapping::boot)
                                || isChanged(
                                        now,
                                        before,
                                        node -> ApiMapping.health(node).map(NodeEvents.Health::cause)),
                        context),
                source(
                        NodePlan.class,
                        TrimmedStore.ofManagedFields(),
                        (now, before) -> isChanged(now, before, ApiMapping::slice)
                                || isChanged(
                                        now, before, plan -> plan.getMetadata().getLabels())
                                || isChanged(
                                        now,
                                        before,
                                        plan -> ApiMapping.observed(plan).withoutSums()),
                        context),
                source(
                        TunnelPeers.class,
                        TrimmedStore.ofManagedFields(),
                        (now, before) -> isChanged(now, before, ApiMapping::peers)
                                || isChanged(
                                        now,
                                        before,
                                        peers -> peers.getMetadata().getLabels()),
                        context),
                source(
                        KeyShare.class,
                        TrimmedStore.ofManagedFields(),
                        (now, before) -> isChanged(now, before, ApiMapping::share),
                        context),
                leases(context)));
        return sources;
    }

    /** What the page is made of: what the informers have at this moment, whoever leads. */
    public PageInput pageInput() {
        return new PageInput(
                DeclaredKind.ALL.stream()
                        .<CustomResource<?, ? extends DeclaredStatus>>flatMap(kind -> known(kind.type()))
                        .filter(object -> object.getMetadata().getDeletionTimestamp() == null)
                        .toList(),
                known(IPsecNode.class).toList(),
                known(NodePlan.class).toList(),
                known(TunnelPeers.class).toList(),
                known(KeyShare.class).toList(),
                heartbeats.aliveNodes(known(Lease.class).filter(Heartbeats::isAgents)));
    }

    /** The NodePlans that the informer has at this moment. */
    List<NodePlan> plans() {
        return known(NodePlan.class).toList();
    }

    private <T> Stream<T> known(Class<T> type) {
        return Optional.ofNullable(caches.get(type)).stream()
                .flatMap(Cache::list)
                .map(type::cast);
    }

    private <T extends HasMetadata> InformerEventSource<T, Namespace> source(
            Class<T> type,
            ItemStore<T> store,
            OnUpdateFilter<? super T> updates,
            EventSourceContext<Namespace> context) {
        var source = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(type, Namespace.class)
                        .withSecondaryToPrimaryMapper(any -> Set.of(new ResourceID(config.namespace())))
                        .withWatchAllNamespaces()
                        .withItemStore(store)
                        .withOnUpdateFilter(updates)
                        .build(),
                context);
        caches.put(type, source);
        return source;
    }

    private InformerEventSource<Lease, Namespace> leases(EventSourceContext<Namespace> context) {
        var source = new InformerEventSource<>(
                InformerEventSourceConfiguration.from(Lease.class, Namespace.class)
                        .withSecondaryToPrimaryMapper(any -> Set.of(new ResourceID(config.namespace())))
                        .withNamespaces(config.namespace())
                        .withItemStore(TrimmedStore.ofManagedFields())
                        .withGenericFilter(Heartbeats::isAgents)
                        .withOnUpdateFilter(heartbeats::isNews)
                        .build(),
                context);
        caches.put(Lease.class, source);
        return source;
    }

    private static <T> boolean isChanged(T now, T before, Function<T, ?> what) {
        return !Objects.equals(what.apply(now), what.apply(before));
    }
}
