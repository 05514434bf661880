package io.ipsecxdp.operator.watch;

import static java.util.function.Function.identity;
import static java.util.stream.Collectors.toUnmodifiableMap;
import static java.util.stream.Collectors.toUnmodifiableSet;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.KeyHolder;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.KeyUseOnNode;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.SecurityAssociationStatus;
import io.ipsecxdp.crds.TunnelPeers;
import io.ipsecxdp.crds.TunnelProgress;
import io.ipsecxdp.operator.compile.AgentFacts;
import io.ipsecxdp.operator.compile.ClusterNode;
import io.ipsecxdp.operator.compile.Declared;
import io.ipsecxdp.operator.compile.DeclaredKind;
import io.ipsecxdp.operator.compile.ExistingSlice;
import io.ipsecxdp.operator.compile.IpAddress;
import io.ipsecxdp.operator.compile.IpPrefix;
import io.ipsecxdp.operator.compile.KeyMemory;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.compile.PeersSlice;
import io.ipsecxdp.operator.compile.Reports;
import io.ipsecxdp.operator.compile.TunnelState;
import io.ipsecxdp.operator.write.NodeEvents;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Objects of the API as the values that compile and roll-up take. */
final class ApiMapping {
    private ApiMapping() {}

    static <S> Declared<S> declared(DeclaredKind<S, ?> kind, CustomResource<S, ?> object) {
        var metadata = object.getMetadata();
        return new Declared<>(
                new ObjectKey(kind, metadata.getName()),
                metadata.getUid(),
                metadata.getGeneration(),
                Instant.parse(metadata.getCreationTimestamp()),
                object.getSpec());
    }

    static ClusterNode node(Node node) {
        var metadata = node.getMetadata();
        return new ClusterNode(
                metadata.getName(),
                metadata.getUid(),
                Optional.ofNullable(metadata.getLabels()).orElse(Map.of()),
                addresses(node, ApiMapping::isInternal),
                addresses(node, Predicate.not(ApiMapping::isInternal)),
                Optional.ofNullable(node.getSpec()).map(NodeSpec::getPodCIDRs).orElse(List.of()).stream()
                        .flatMap(prefix -> IpPrefix.parse(prefix).stream())
                        .toList());
    }

    static AgentFacts facts(IPsecNode node) {
        var status = Optional.ofNullable(node.getStatus());
        return new AgentFacts(
                node.getMetadata().getName(),
                status.map(IPsecNodeStatus::cpus).flatMap(ApiMapping::cpus),
                status.map(IPsecNodeStatus::interfaces).orElse(List.of()).stream()
                        .flatMap(nodeInterface -> nodeInterface.addresses().stream())
                        .flatMap(address -> IpAddress.parse(address).stream())
                        .collect(toUnmodifiableSet()),
                status.map(IPsecNodeStatus::capabilities));
    }

    static Optional<String> boot(IPsecNode node) {
        return Optional.ofNullable(node.getStatus()).map(IPsecNodeStatus::boot);
    }

    /** Empty as long as the agent has not said how its node does. */
    static Optional<NodeEvents.Health> health(IPsecNode node) {
        return Optional.ofNullable(node.getStatus())
                .flatMap(status -> Condition.of(Condition.DEGRADED, status.conditions()))
                .map(degraded -> new NodeEvents.Health(
                        node.getMetadata().getName(), node.getMetadata().getUid(), degraded));
    }

    static ExistingSlice slice(NodePlan plan) {
        return new ExistingSlice(
                plan.getMetadata().getName(),
                owningNode(plan),
                plan.getSpec(),
                plan.getMetadata().getGeneration(),
                Optional.ofNullable(plan.getStatus()).map(NodePlanStatus::observedGeneration));
    }

    static PeersSlice peers(TunnelPeers peers) {
        return new PeersSlice(peers.getMetadata().getName(), peers.getSpec());
    }

    /** What else a KeyShare says is for other nodes. */
    static TunnelState.Share share(KeyShare share) {
        return new TunnelState.Share(
                share.getSpec().nodeUid(),
                share.getSpec().tunnels().stream()
                        .collect(toUnmodifiableMap(TunnelProgress::uid, identity(), (one, other) -> other)));
    }

    static Reports.NodeStatus observed(NodePlan plan) {
        return new Reports.NodeStatus(
                plan.getSpec().node(), Optional.ofNullable(plan.getStatus()).orElseGet(ApiMapping::noStatus));
    }

    /** What the statuses of these objects remember of keys. */
    static KeyMemory keyMemory(Collection<? extends CustomResource<?, ? extends DeclaredStatus>> objects) {
        var nodes = new HashMap<String, Set<String>>();
        var holders = new HashMap<String, KeyHolder>();
        for (var object : objects) {
            if (object.getStatus() instanceof SecurityAssociationStatus status) {
                String uid = object.getMetadata().getUid();
                status.keyHolder().ifPresent(holder -> holders.put(uid, holder));
                nodes.put(
                        uid, status.keyUsedOn().stream().map(KeyUseOnNode::node).collect(toUnmodifiableSet()));
            }
        }
        return new KeyMemory(nodes, holders);
    }

    private static Optional<String> owningNode(HasMetadata object) {
        return Optional.ofNullable(object.getMetadata().getOwnerReferences()).stream()
                .flatMap(Collection::stream)
                .filter(owner -> owner.getKind().equals(HasMetadata.getKind(Node.class)))
                .map(OwnerReference::getUid)
                .findFirst();
    }

    private static NodePlanStatus noStatus() {
        return new NodePlanStatus(null, null, null, null, null, null, null);
    }

    /** What is no list of CPUs says nothing about the CPUs. */
    private static Optional<CpuList> cpus(String list) {
        try {
            return Optional.of(CpuList.parse(list)).filter(cpus -> !cpus.cpus().isEmpty());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static List<IpAddress> addresses(Node node, Predicate<NodeAddress> which) {
        return Optional.ofNullable(node.getStatus()).map(status -> status.getAddresses()).orElse(List.of()).stream()
                .filter(which)
                .flatMap(address -> IpAddress.parse(address.getAddress()).stream())
                .toList();
    }

    private static boolean isInternal(NodeAddress address) {
        return address.getType().equals("InternalIP");
    }
}
