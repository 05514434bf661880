package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** An API server, a kernel with two nodes, and what runs on them. Everything ends when it is closed, or with this JVM. */
public final class Lab implements AutoCloseable {
    private static final List<String> NODES = List.of("n1", "n2");

    private final Project project;
    private final Path folder;
    private final Cleanup cleanup = new Cleanup();
    private final Daemons daemons;
    private final ApiServer api;
    private final Kernel kernel;
    private final List<Node> nodes;
    private final KubernetesClient client;

    private Lab(Project project, KernelChoice choice) {
        this.project = project;
        this.folder = freshFolder(project);
        this.daemons = cleanup.add(new Daemons(folder.resolve("logs")));
        try {
            AgentBundle bundle = AgentBundle.of(project);
            var booted = CompletableFuture.supplyAsync(
                    () -> choice.boots() ? List.of(bootGuest(choice, bundle)) : List.<Guest>of());
            this.api = cleanup.add(ApiServer.start(project, folder.resolve("api")));
            this.client = cleanup.add(api.adminClient());
            this.kernel = booted.join().stream()
                    .<Kernel>map(guest -> guest)
                    .findFirst()
                    .orElseGet(() -> cleanup.add(
                            new Host(project, bundle.at(bundle.folder().toString()), api.port())));
            this.nodes = kernel.makeNodes(NODES).stream()
                    .map(facts -> new Node(kernel, facts))
                    .toList();
        } catch (RuntimeException e) {
            cleanup.close();
            throw e;
        }
    }

    /** Starts API server and kernel, and makes the nodes n1 and n2. */
    public static Lab start(Project project, KernelChoice choice) {
        return new Lab(project, choice);
    }

    public Project project() {
        return project;
    }

    /** Where logs and everything else of this run are. */
    public Path folder() {
        return folder;
    }

    public Daemons daemons() {
        return daemons;
    }

    public ApiServer api() {
        return api;
    }

    public Kernel kernel() {
        return kernel;
    }

    public List<Node> nodes() {
        return nodes;
    }

    public Node node(int index) {
        return nodes.get(index);
    }

    /** A client with all rights. */
    public KubernetesClient client() {
        return client;
    }

    /** kubectl with all rights. */
    public Kubectl kubectl() {
        return Kubectl.admin(project, api);
    }

    /** Closes {@code resource} with the lab. */
    public <T extends AutoCloseable> T closing(T resource) {
        return cleanup.add(resource);
    }

    /** Starts an agent on each node; returns before they are ready. */
    public List<AgentProcess> startAgents() {
        List<AgentProcess> agents = new ArrayList<>();
        nodes.forEach(node -> agents.add(cleanup.add(AgentProcess.start(daemons, node, api))));
        return List.copyOf(agents);
    }

    /** Starts the operator; returns before it is ready. */
    public Operator startOperator() {
        return cleanup.add(Operator.start(daemons, project, api));
    }

    @Override
    public void close() {
        cleanup.close();
    }

    @Override
    public String toString() {
        return "lab";
    }

    private Guest bootGuest(KernelChoice choice, AgentBundle bundle) {
        return cleanup.add(Guest.boot(project, choice.release(), bundle, folder.resolve("guest")));
    }

    private static Path freshFolder(Project project) {
        String now = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(LocalDateTime.now());
        try {
            Files.createDirectories(project.target().resolve("runs"));
            return Files.createTempDirectory(project.target().resolve("runs"), now + "-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
