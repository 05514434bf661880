package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityPolicy;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.crds.Tunnel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The whole product at work in a lab: CRDs, rights, operator, an agent on each node. */
public final class Cluster implements AutoCloseable {
    /** By name and not as the category ipsec, which kubectl does not look up anew in its cache of what a server has. */
    private static final String DECLARED_AND_REPORTED =
            "tunnels,securityassociations,securitypolicies,steeringpolicies,nodeplans,tunnelpeers,keyshares,ipsecnodes";

    /** How long the slowest change may take to show in a status. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final List<Class<? extends CustomResource<?, ?>>> DECLARED =
            List.of(Tunnel.class, SteeringPolicy.class, SecurityPolicy.class, SecurityAssociation.class);

    private final Lab lab;
    private final Operator operator;
    private final List<AgentProcess> agents;
    private final Keys keys;

    private Cluster(Lab lab) {
        this.lab = lab;
        this.keys = new Keys(lab.client());
        lab.kubectl().installCrds();
        var installation = new Installation(lab.project(), lab.client());
        installation.grantAccess();
        lab.nodes().forEach(node -> installation.register(node.facts()));
        this.operator = lab.startOperator();
        this.agents = lab.startAgents();
        operator.awaitReady();
        agents.forEach(AgentProcess::awaitReady);
    }

    /** Starts everything and waits until all agents report. */
    public static Cluster start(Project project, KernelChoice choice) {
        Lab lab = Lab.start(project, choice);
        try {
            return new Cluster(lab);
        } catch (RuntimeException e) {
            lab.close();
            throw e;
        }
    }

    public Lab lab() {
        return lab;
    }

    public Operator operator() {
        return operator;
    }

    public AgentProcess agent(int index) {
        return agents.get(index);
    }

    public Node node(int index) {
        return lab.node(index);
    }

    public KubernetesClient client() {
        return lab.client();
    }

    public Keys keys() {
        return keys;
    }

    /** Declares objects, or changes them. */
    public void apply(Collection<? extends HasMetadata> objects) {
        objects.forEach(object -> client().resource(object).createOr(existing -> existing.update()));
    }

    /** Declares objects and waits until all are Ready. */
    public void applyReady(Collection<? extends CustomResource<?, ?>> objects) {
        apply(objects);
        awaitReady(objects);
    }

    /** The same, for as long as {@code patience}. */
    void applyReady(Collection<? extends CustomResource<?, ?>> objects, Duration patience) {
        apply(objects);
        awaitReady(objects, patience);
    }

    /** Waits until objects are Ready, as they are declared now. */
    public void awaitReady(Collection<? extends CustomResource<?, ?>> objects) {
        awaitReady(objects, PATIENCE);
    }

    /** The same, for as long as {@code patience}. */
    void awaitReady(Collection<? extends CustomResource<?, ?>> objects, Duration patience) {
        objects.forEach(
                object -> await(object, "Ready", patience, condition -> condition.status() == Condition.Status.True));
    }

    /** Waits until the Ready condition of an object, for its present generation, is as told; returns it. */
    public Condition await(CustomResource<?, ?> object, String what, Predicate<Condition> expected) {
        return await(object, what, PATIENCE, expected);
    }

    /** The same, for as long as {@code patience}. */
    Condition await(CustomResource<?, ?> object, String what, Duration patience, Predicate<Condition> expected) {
        Await.until(
                "%s %s is %s".formatted(object.getKind(), object.getMetadata().getName(), what),
                patience,
                () -> "it is " + ready(object).map(Record::toString).orElse("without a condition") + "\n" + tails(),
                () -> ready(object).filter(expected).isPresent());
        return ready(object).orElseThrow();
    }

    /** The Ready condition of an object, if it is about its present generation. */
    public Optional<Condition> ready(CustomResource<?, ?> object) {
        return new Conditions(client()).ready(object);
    }

    /** Deletes all that is declared and waits until no agent has anything left. */
    public void deleteDeclared() {
        DECLARED.forEach(type -> client().resources(type).delete());
        Await.until(
                "all plans are empty, and reported so",
                PATIENCE,
                this::tails,
                () -> client().resources(NodePlan.class).list().getItems().stream()
                        .allMatch(Cluster::isEmptyAndReported));
    }

    /** Makes the nodes and the tunnels between their pods known to each other, so that no packet waits for that later. */
    public void warmUp() {
        for (int i = 0; i < lab.nodes().size(); i++) {
            NodeFacts other = node(1 - i).facts();
            for (IpFamily family : IpFamily.values()) {
                node(i).run("ping", "-q", "-c", "1", "-W", "5", other.address(family));
                node(i).run("ping", "-q", "-c", "1", "-W", "5", other.podAddress(family));
            }
        }
    }

    /** Waits until both nodes say that they steer as told, in the notation of IPsecNode's status. */
    public void awaitSteering(String expected) {
        Await.until(
                "both nodes steer \"" + expected + "\"",
                PATIENCE,
                this::tails,
                () -> client().resources(IPsecNode.class).list().getItems().stream()
                        .allMatch(node -> Optional.ofNullable(node.getStatus().steering())
                                .orElse("")
                                .equals(expected)));
    }

    /** Waits until SAD, SPD, XDP programs and pins of all nodes are as told. */
    public void awaitStates(List<NodeState> expected) {
        Await.until(
                "the nodes are as they shall be",
                PATIENCE,
                () -> "now: %s%nexpected: %s%n%s".formatted(states(), expected, tails()),
                () -> states().equals(expected));
    }

    public List<NodeState> states() {
        return lab.nodes().stream().map(NodeState::of).toList();
    }

    /** Starts operator and agents that do not run. */
    public void startWhatEnded() {
        operator.startIfDown();
        agents.forEach(AgentProcess::startIfDown);
    }

    /** Starts what does not run and deletes all that is declared, so that the next test finds nothing. */
    public void restore() {
        startWhatEnded();
        agents.forEach(AgentProcess::awaitReady);
        deleteDeclared();
        agents.forEach(AgentProcess::bootWithKernelsId);
    }

    /** Where, of all places that people or programs read, a key is to be seen. */
    public List<String> leaks() {
        var leaks = new Leaks(keys.made());
        List<String> found = new ArrayList<>();
        for (String kinds : List.of(DECLARED_AND_REPORTED, "events", "leases")) {
            if (leaks.isIn(lab.kubectl().run("get", kinds, "--all-namespaces", "-o", "yaml"))) {
                found.add("kubectl get " + kinds);
            }
        }
        try (Stream<Path> files = Files.walk(lab.folder())) {
            files.filter(file -> file.toString().endsWith(".log"))
                    .filter(file -> leaks.isIn(read(file)))
                    .forEach(file -> found.add(file.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The ends of all logs, for people who look for a cause. */
    public String tails() {
        return Stream.concat(Stream.of(operator.daemon()), agents.stream().map(AgentProcess::daemon))
                .map(Daemon::tail)
                .collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        lab.close();
    }

    private static boolean isEmptyAndReported(NodePlan plan) {
        NodePlanStatus status = plan.getStatus();
        var spec = plan.getSpec();
        return spec.securityAssociations().isEmpty()
                && spec.securityPolicies().isEmpty()
                && spec.steering().isEmpty()
                && spec.tunnels().isEmpty()
                && status != null
                && plan.getMetadata().getGeneration().equals(status.observedGeneration())
                && status.securityAssociations().isEmpty()
                && status.securityPolicies().isEmpty()
                && status.steering().isEmpty()
                && status.tunnels().isEmpty();
    }
}
