package io.ipsecxdp.operator.write;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.operator.OperatorConfig;
import io.ipsecxdp.operator.write.Writes.Write;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Takes the taint off that keeps pods from a node until its agent has the policies in force. The kubelet puts it on, when
 * it registers the node; it is never put on here.
 */
@ApplicationScoped
public class StartupTaint {
    static final String KEY = "ipsec-xdp.io/agent-not-ready";

    private static final PatchContext JSON_PATCH =
            new PatchContext.Builder().withPatchType(PatchType.JSON).build();

    private final boolean enabled;

    public StartupTaint(OperatorConfig config) {
        this.enabled = config.taint();
    }

    /**
     * @param alive nodes whose agents renew their Leases
     * @param plans as they are ordered: there are no others to come
     */
    public List<Write> writes(
            Collection<Node> nodes,
            Collection<IPsecNode> agents,
            Collection<NodePlan> plans,
            Set<String> alive,
            Context<Namespace> context) {
        var writes = new ArrayList<Write>();
        if (!enabled) {
            return writes;
        }
        for (var node : nodes) {
            String name = node.getMetadata().getName();
            if (isTainted(node)
                    && alive.contains(name)
                    && agents.stream()
                            .filter(agent -> agent.getMetadata().getName().equals(name))
                            .anyMatch(agent -> isOfThisBoot(agent, node))
                    && plans.stream()
                            .filter(plan -> plan.getSpec().node().equals(name))
                            .allMatch(StartupTaint::isInForce)) {
                writes.add(new Write(
                        "node %s without the taint %s".formatted(name, KEY),
                        () -> context.getClient().nodes().withName(name).patch(JSON_PATCH, removal(node))));
            }
        }
        return writes;
    }

    static boolean isTainted(Node node) {
        return taints(node).stream().anyMatch(taint -> KEY.equals(taint.getKey()));
    }

    /** An agent says so after it has reported its plans; what one of an earlier boot said of them counts no more. */
    static boolean isOfThisBoot(IPsecNode agent, Node node) {
        return Optional.ofNullable(agent.getStatus())
                .map(status -> status.boot())
                .flatMap(boot -> boot(node).filter(known -> boot.equals(known) || boot.startsWith(known + "/")))
                .isPresent();
    }

    /** The boot of a node by the word of its kubelet. */
    public static Optional<String> boot(Node node) {
        return Optional.ofNullable(node.getStatus())
                .map(status -> status.getNodeInfo())
                .map(info -> info.getBootID());
    }

    static boolean isInForce(NodePlan plan) {
        return Optional.ofNullable(plan.getStatus())
                .filter(status -> plan.getMetadata().getGeneration().equals(status.observedGeneration()))
                .filter(status -> status.securityPolicies().size()
                        >= plan.getSpec().securityPolicies().size())
                .filter(status ->
                        status.securityPolicies().stream().allMatch(report -> report.state() == EntryState.Installed))
                .isPresent();
    }

    /**
     * A JSON patch (RFC 6902) that takes away this taint and no other. With the version that is to be changed, the API
     * server answers with a conflict where somebody else has changed the node meanwhile.
     */
    static String removal(Node node) {
        var taints = taints(node);
        var operations = new ArrayList<String>();
        operations.add("{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"%s\"}"
                .formatted(node.getMetadata().getResourceVersion()));
        // From the last on, so that the indexes of those before stay
        for (int i = taints.size() - 1; i >= 0; i--) {
            if (KEY.equals(taints.get(i).getKey())) {
                operations.add("{\"op\":\"remove\",\"path\":\"/spec/taints/%d\"}".formatted(i));
            }
        }
        return operations.stream().collect(Collectors.joining(",", "[", "]"));
    }

    private static List<Taint> taints(Node node) {
        return node.getSpec() == null ? List.of() : node.getSpec().getTaints();
    }
}
