package io.ipsecxdp.bench;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.bench.guest.LargePlan;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.e2e.AgentProcess;
import io.ipsecxdp.e2e.Await;
import io.ipsecxdp.e2e.Installation;
import io.ipsecxdp.e2e.IpFamily;
import io.ipsecxdp.e2e.Keys;
import io.ipsecxdp.e2e.Lab;
import io.ipsecxdp.e2e.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** P8: what an agent needs, with its plan served by an API server, for a node with very many SAs. */
final class LargeNode implements Measurement {
    private static final int SAS = 10_000;
    private static final int POLICIES = 64;
    private static final int KEY_BYTES = 36;
    private static final Duration INSTALLATION = Duration.ofMinutes(10);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(3);
    private static final Duration BETWEEN_SAMPLES = Duration.ofSeconds(12);

    @Override
    public String id() {
        return "P8";
    }

    @Override
    public String what() {
        return "memory of an agent with %d SAs and %d policies".formatted(SAS, POLICIES);
    }

    @Override
    public String method() {
        return """
                An API server serves the plan in slices of 100 SAs; the agent runs with an AOT cache, as in the lab. The value is `VmRSS`.

                The goal is less than an agent without any SA takes (see `footprint`), so saving memory on SAs cannot reach it. By hand, on a kernel without
                ESP, an agent with 10,000 planned SAs that are refused has 162 MiB: 63 are the AOT cache, which holds the metadata of 9,700 classes and is
                touched almost whole when the JVM relocates it; 46 heap, of which 28 are alive; 17 `malloc`; 16 libjvm.so; 8 compiled code; 7 stacks and
                other anonymous memory. Without the cache, as in the image, it is 159. Installed SAs cost more than refused ones, because they are observed
                and owned and their keys are known.
                [0022](decisions/0022-memory-of-the-agent.md) says what was done about it, and what was not.
                """;
    }

    @Override
    public List<Figure> measure(Labs labs) {
        try (Lab lab = labs.kernelAlone()) {
            lab.kubectl().installCrds();
            var installation = new Installation(lab.project(), lab.client());
            installation.grantAccess();
            Node node = lab.node(0);
            installation.register(node.facts());
            declare(lab, node);
            long begun = System.nanoTime();
            try (AgentProcess agent = AgentProcess.start(lab.daemons(), node, lab.api())) {
                agent.awaitReady();
                awaitInstalled(lab.client(), agent);
                double seconds = (System.nanoTime() - begun) / 1e9;
                return figures(agent, seconds).stream()
                        .map(figure -> figure.on(lab.kernel().machine()))
                        .toList();
            }
        }
    }

    private List<Figure> figures(AgentProcess agent, double seconds) {
        List<Double> resident = new ArrayList<>();
        ProcessMemory memory = ProcessMemory.of(agent.status());
        for (int round = 0; round < Rounds.LEAST; round++) {
            Await.pause(BETWEEN_SAMPLES);
            memory = ProcessMemory.of(agent.status());
            resident.add(memory.resident());
        }
        return List.of(
                Figure.median(
                                "P8-agent-rss",
                                "resident memory (VmRSS) of one agent with %d SAs and %d policies in force, every 12 s"
                                        .formatted(SAS, POLICIES),
                                "MiB",
                                new Series(resident))
                        .aiming(Goal.valueAtMost(110)),
                Figure.median(
                        "P8-agent-peak",
                        "the most that it ever had (VmHWM), from its start on",
                        "MiB",
                        Series.of(memory.peak())),
                Figure.median(
                        "P8-agent-install",
                        "from the start of the agent until the API server knows that all SAs are in force",
                        "s",
                        Series.of(seconds)));
    }

    private static void declare(Lab lab, Node node) {
        var plan = new LargePlan(
                node.name(),
                lab.node(1).facts().address(IpFamily.IPV4),
                node.facts().address(IpFamily.IPV4),
                SAS,
                POLICIES);
        var keys = new Keys(lab.client());
        plan.secrets()
                .forEach(name -> keys.put(
                        name,
                        Api.KEY_SECRET_TYPE,
                        LargePlan.entries().stream()
                                .collect(Collectors.toMap(entry -> entry, entry -> Keys.random(KEY_BYTES)))));
        List<Map<String, Object>> slices = plan.slices();
        for (int i = 0; i < slices.size(); i++) {
            var object = new NodePlan();
            object.setMetadata(new ObjectMetaBuilder()
                    .withName("bench-" + i)
                    .addToLabels(Api.NODE_LABEL, Api.nodeLabel(node.name()))
                    .build());
            object.setSpec(lab.client()
                    .getKubernetesSerialization()
                    .unmarshal(LargePlan.json(slices.get(i)), NodePlanSpec.class));
            lab.client().resource(object).create();
        }
    }

    private static void awaitInstalled(KubernetesClient client, AgentProcess agent) {
        Await.until(
                "all SAs and policies are in force",
                INSTALLATION,
                () -> agent.daemon().tail(),
                () -> {
                    Await.pause(BETWEEN_LOOKS);
                    return client.resources(NodePlan.class).list().getItems().stream()
                            .allMatch(LargeNode::isInForce);
                });
    }

    private static boolean isInForce(NodePlan plan) {
        int entries = plan.getSpec().securityAssociations().size()
                + plan.getSpec().securityPolicies().size();
        return plan.getStatus() != null
                && "%1$d/%1$d".formatted(entries).equals(plan.getStatus().installed());
    }
}
