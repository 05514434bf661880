package io.ipsecxdp.operator.it;

import io.fabric8.kubernetes.api.model.NodeAddressBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.charts.Chart;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.NodeInterface;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.PolicyReport;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.crds.SteeringReport;
import io.ipsecxdp.crds.TunnelPeers;
import io.ipsecxdp.crds.TunnelProgress;
import io.ipsecxdp.crds.TunnelReport;
import io.ipsecxdp.crds.XdpMode;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** A node and its agent as the API server sees them: facts, a Lease, and an answer to each NodePlan. There is no kernel. */
final class PlayedAgent implements AutoCloseable {
    private static final PatchContext AS_AGENT = new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager("ipsec-xdp-agent")
            .withForce(true)
            .build();

    private record Failure(EntryState state, String reason, String message) {}

    private final KubernetesClient client;
    private final String node;
    private volatile boolean isMute;
    private volatile boolean knowsTunnels = true;
    private final Map<String, Failure> failures = new ConcurrentHashMap<>();
    private final SharedIndexInformer<NodePlan> plans;
    private final SharedIndexInformer<TunnelPeers> peers;

    private PlayedAgent(KubernetesClient client, String node) {
        this.client = client;
        this.node = node;
        this.peers = client.resources(TunnelPeers.class).inform(new ResourceEventHandler<>() {
            @Override
            public void onAdd(TunnelPeers added) {
                answerPeers();
            }

            @Override
            public void onUpdate(TunnelPeers before, TunnelPeers changed) {
                answerPeers();
            }

            @Override
            public void onDelete(TunnelPeers gone, boolean unknown) {}
        });
        this.plans = client.resources(NodePlan.class)
                .withLabel(Api.NODE_LABEL, Api.nodeLabel(node))
                .inform(new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(NodePlan plan) {
                        answer(plan);
                    }

                    @Override
                    public void onUpdate(NodePlan before, NodePlan plan) {
                        if (!plan.getMetadata()
                                .getGeneration()
                                .equals(before.getMetadata().getGeneration())) {
                            answer(plan);
                        }
                    }

                    @Override
                    public void onDelete(NodePlan plan, boolean unknown) {}
                });
    }

    /** A node with these InternalIPs, CPUs and an agent that lives long. */
    static PlayedAgent start(KubernetesClient client, String node, String cpus, String... internalIps) {
        addNode(client, node, internalIps);
        var agent = new PlayedAgent(client, node);
        agent.reportFacts(cpus, 0, internalIps);
        agent.renewLease(Duration.ofHours(1));
        return agent;
    }

    static void addNode(KubernetesClient client, String name, String... internalIps) {
        var addresses = Arrays.stream(internalIps)
                .map(address -> new NodeAddressBuilder()
                        .withType("InternalIP")
                        .withAddress(address)
                        .build())
                .toList();
        String podCidr = "10.20.%s.0/24".formatted(internalIps[0].replaceAll(".*[.:]", ""));
        client.resource(new NodeBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .addToLabels("name", name)
                        .endMetadata()
                        .withNewSpec()
                        .withPodCIDR(podCidr)
                        .withPodCIDRs(podCidr)
                        .endSpec()
                        .build())
                .serverSideApply();
        client.nodes()
                .withName(name)
                .editStatus(existing -> new NodeBuilder(existing)
                        .editOrNewStatus()
                        .withAddresses(addresses)
                        .endStatus()
                        .build());
    }

    void reportFacts(String cpus, long espPackets, String... addresses) {
        report(cpus, espPackets, null, addresses);
    }

    /** @param degraded whether the node is, and why */
    void reportHealth(String cpus, Condition degraded, String... addresses) {
        report(cpus, 0, List.of(degraded), addresses);
    }

    private void report(String cpus, long espPackets, List<Condition> conditions, String... addresses) {
        var facts = new IPsecNode();
        facts.setMetadata(new ObjectMetaBuilder().withName(node).build());
        client.resource(facts).patch(AS_AGENT);
        facts.setStatus(new IPsecNodeStatus(
                "6.18",
                "boot",
                "0",
                cpus,
                null,
                List.of(new NodeInterface("eth0", List.of(addresses), null)),
                null,
                null,
                null,
                espPackets,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                conditions));
        client.resource(facts).subresource("status").patch(AS_AGENT);
    }

    void renewLease(Duration duration) {
        client.resource(new LeaseBuilder()
                        .withNewMetadata()
                        .withName(Api.leaseName(node))
                        .withNamespace(Chart.RELEASE)
                        .endMetadata()
                        .withNewSpec()
                        .withHolderIdentity(node)
                        .withLeaseDurationSeconds((int) duration.toSeconds())
                        .withRenewTime(ZonedDateTime.now(ZoneOffset.UTC))
                        .endSpec()
                        .build())
                .patch(AS_AGENT);
    }

    /** From now on this agent says that it cannot install the objects of that name. */
    void fail(String name, String reason, String message) {
        failures.put(name, new Failure(EntryState.Failed, reason, message));
    }

    /** From now on it says that these objects are in force, and what is wrong with them all the same. */
    void impair(String name, String reason, String message) {
        failures.put(name, new Failure(EntryState.Installed, reason, message));
    }

    /** It can again, and says so. */
    void recover(String name) {
        failures.remove(name);
        plans.getStore().list().forEach(this::answer);
    }

    /** The sums over the entries, which are for people, and nothing else change in all its reports. */
    void sumUp(String installed) {
        client.resources(NodePlan.class)
                .withLabel(Api.NODE_LABEL, Api.nodeLabel(node))
                .list()
                .getItems()
                .forEach(plan -> write(plan, installed));
    }

    @Override
    public void close() {
        plans.close();
        peers.close();
    }

    private void answer(NodePlan plan) {
        int sas = plan.getSpec().securityAssociations().size();
        write(plan, "%d/%d".formatted(sas, sas));
    }

    /** Its kernel does at once what the entries of all nodes ask. */
    private void answerPeers() {
        if (isMute) {
            return;
        }
        var progress = new TreeMap<String, TunnelProgress>();
        peers.getStore().list().stream()
                .map(TunnelPeers::getSpec)
                .filter(slice -> slice.peer(node).isPresent())
                .forEach(slice -> progress.merge(
                        slice.uid(),
                        new TunnelProgress(
                                slice.uid(), null, slice.highestRevision(), null, slice.highestRevision(), null),
                        (one, other) -> one.sends() > other.sends() ? one : other));
        var share = new KeyShare();
        share.setMetadata(new ObjectMetaBuilder().withName(node).build());
        share.setSpec(shareSpec(List.copyOf(progress.values())));
        client.resource(share).patch(AS_AGENT);
        Optional.ofNullable(plans).ifPresent(known -> known.getStore().list().forEach(this::answer));
    }

    private KeyShareSpec shareSpec(List<TunnelProgress> progress) {
        String uid = client.nodes().withName(node).get().getMetadata().getUid();
        return Serialization.unmarshal(
                Serialization.asJson(Map.of("nodeUid", uid, "boot", "boot", "tunnels", progress)), KeyShareSpec.class);
    }

    /** As an agent of a version without tunnels does, or as this one again. */
    void knowsTunnels(boolean knows) {
        knowsTunnels = knows;
        plans.getStore().list().forEach(this::answer);
    }

    /** From now on its tunnels stay as they are, and nobody hears of them. */
    void mute(boolean mute) {
        isMute = mute;
        answerPeers();
    }

    private TunnelReport report(PlannedTunnel tunnel) {
        var slices = peers.getStore().list().stream()
                .map(TunnelPeers::getSpec)
                .filter(slice -> slice.uid().equals(tunnel.uid()))
                .toList();
        boolean isIn = slices.stream()
                .anyMatch(slice -> slice.peer(node).filter(own -> !own.leaves()).isPresent());
        int others = (int) slices.stream()
                        .flatMap(slice -> slice.peers().stream())
                        .filter(peer -> !peer.leaves())
                        .count()
                - 1;
        return new TunnelReport(
                tunnel.name(),
                tunnel.uid(),
                tunnel.generation(),
                isIn ? state(tunnel.name()) : EntryState.Pending,
                isIn ? reason(tunnel.name()) : "Installing",
                message(tunnel.name()),
                isIn ? others : 0,
                isIn ? others : 0,
                "2026-01-01T00:00:00Z",
                1446);
    }

    private void write(NodePlan plan, String installed) {
        var spec = plan.getSpec();
        var status = new NodePlan();
        status.setMetadata(
                new ObjectMetaBuilder().withName(plan.getMetadata().getName()).build());
        status.setStatus(new NodePlanStatus(
                plan.getMetadata().getGeneration(),
                "boot",
                installed,
                spec.securityAssociations().stream()
                        .map(sa -> new SaReport(
                                sa.name(),
                                sa.uid(),
                                sa.generation(),
                                state(sa.name()),
                                reason(sa.name()),
                                message(sa.name()),
                                true,
                                sa.child(),
                                sa.spi(),
                                sa.source(),
                                sa.destination(),
                                null))
                        .toList(),
                spec.securityPolicies().stream()
                        .map(policy -> new PolicyReport(
                                policy.name(),
                                policy.direction(),
                                policy.uid(),
                                policy.generation(),
                                state(policy.name()),
                                reason(policy.name()),
                                message(policy.name()),
                                policy.child(),
                                policy.selectorSource(),
                                policy.selectorDestination(),
                                policy.template(),
                                policy.former()))
                        .toList(),
                spec.steering().stream()
                        .flatMap(steering -> steering.interfaces().stream()
                                .map(name -> new SteeringReport(
                                        steering.name(),
                                        name,
                                        steering.uid(),
                                        steering.generation(),
                                        state(steering.name()),
                                        reason(steering.name()),
                                        message(steering.name()),
                                        XdpMode.Native)))
                        .toList(),
                null,
                knowsTunnels ? spec.tunnels().stream().map(this::report).toList() : List.of()));
        client.resource(status).subresource("status").patch(AS_AGENT);
    }

    private Optional<Failure> failure(String name) {
        return Optional.ofNullable(failures.get(name));
    }

    private EntryState state(String name) {
        return failure(name).map(Failure::state).orElse(EntryState.Installed);
    }

    private String reason(String name) {
        return failure(name).map(Failure::reason).orElse("Installed");
    }

    private String message(String name) {
        return failure(name).map(Failure::message).orElse("read back");
    }
}
