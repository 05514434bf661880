package io.ipsecxdp.e2e;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.XdpMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Measures the product in the lab and writes {@code bench/target/figures.json}. */
public final class Bench {
    private static final int APPLIES = 50;
    private static final int RESTARTS = 3;
    private static final int LOADS = 3;
    private static final int CPUS = 2;
    private static final int PER_SECOND = 500;
    private static final int PORT = 8_000;
    private static final long REQID = 0x3000_0000L;
    private static final double MIB = 1024;

    private final Cluster cluster;

    private Bench(Cluster cluster) {
        this.cluster = cluster;
    }

    /** @param arguments which measurements, separated by commas; all without */
    public static void main(String[] arguments) throws IOException {
        Map<String, Function<Bench, List<Figure>>> known = new LinkedHashMap<>();
        known.put("apply", Bench::applyToReady);
        known.put("owner", Bench::ownerShare);
        known.put("footprint", Bench::footprint);
        known.put("restart", Bench::restarts);
        Set<String> wanted = arguments.length == 0 ? known.keySet() : Set.of(arguments[0].split(","));
        if (!known.keySet().containsAll(wanted)) {
            System.err.println("bench: there are: " + String.join(", ", known.keySet()));
            System.exit(2);
        }
        Project project = Project.here();
        List<Figure> figures = new ArrayList<>();
        try (Cluster cluster = Cluster.start(project, KernelChoice.best(project).kernel())) {
            var bench = new Bench(cluster);
            for (String name : known.keySet()) {
                if (wanted.contains(name)) {
                    figures.addAll(bench.measured(known.get(name)));
                }
            }
        }
        if (wanted.contains("footprint")) {
            try (Cluster host = Cluster.start(project, KernelChoice.HOST)) {
                figures.addAll(new Bench(host).measured(Bench::agentOnThisMachine));
            }
        }
        write(project.root().resolve("bench/target/figures.json"), figures);
        System.exit(0);
    }

    private List<Figure> measured(Function<Bench, List<Figure>> measurement) {
        List<Figure> figures = measurement.apply(this);
        figures.forEach(figure -> System.out.printf(
                "%-28s %10.2f %s   (%s)%n", figure.id(), figure.value(), figure.unit(), figure.what()));
        cluster.restore();
        return figures;
    }

    private List<Figure> applyToReady() {
        double[] milliseconds = new double[APPLIES];
        for (int i = 0; i < APPLIES; i++) {
            SecurityAssociation sa = Tunnel.sa(
                    cluster.keys(),
                    "bench-" + i,
                    new SaEnd("n1", null, null),
                    new SaEnd("n2", null, null),
                    SaMode.Tunnel,
                    REQID);
            milliseconds[i] = untilReady(sa).toNanos() / 1e6;
        }
        return List.of(
                Figure.of(
                        "apply-ready-p50",
                        "from apply of an SA to Ready on both nodes, median",
                        "ms",
                        milliseconds,
                        Figure.percentile(milliseconds, 50)),
                Figure.of(
                        "apply-ready-p99",
                        "from apply of an SA to Ready on both nodes, 99th percentile",
                        "ms",
                        milliseconds,
                        Figure.percentile(milliseconds, 99)));
    }

    private Duration untilReady(SecurityAssociation sa) {
        var ready = new CompletableFuture<Long>();
        var watcher = new Watcher<SecurityAssociation>() {
            @Override
            public void eventReceived(Action action, SecurityAssociation seen) {
                boolean isReady = seen.getStatus() != null
                        && seen.getStatus().conditions().stream()
                                .anyMatch(condition -> condition.type().equals(Condition.READY)
                                        && condition.status() == Condition.Status.True);
                if (isReady) {
                    ready.complete(System.nanoTime());
                }
            }

            @Override
            public void onClose(WatcherException cause) {
                ready.completeExceptionally(cause);
            }
        };
        Watch watch = cluster.client()
                .resources(SecurityAssociation.class)
                .withName(sa.getMetadata().getName())
                .watch(watcher);
        try {
            long begun = System.nanoTime();
            cluster.client().resource(sa).create();
            return Duration.ofNanos(ready.get(Cluster.PATIENCE.toSeconds(), TimeUnit.SECONDS) - begun);
        } catch (InterruptedException
                | java.util.concurrent.ExecutionException
                | java.util.concurrent.TimeoutException e) {
            throw new IllegalStateException(
                    sa.getMetadata().getName() + " did not become Ready; " + cluster.tails(), e);
        } finally {
            watch.close();
        }
    }

    private List<Figure> ownerShare() {
        Tunnel tunnel = Tunnel.make(cluster.keys(), "bench-owner", cluster.node(0), cluster.node(1), CPUS);
        var steering = Steering.on("eth0", XdpMode.Auto);
        double[] plain = new double[LOADS];
        double[] steered = new double[LOADS];
        cluster.applyReady(tunnel.objects());
        cluster.warmUp();
        var load = new Load(cluster.lab().daemons(), cluster.node(0), cluster.node(1), CPUS, 3_000, 1_000);
        try (Decrypts decrypts = Decrypts.of(cluster.lab().kernel())) {
            for (int i = 0; i < LOADS; i++) {
                plain[i] = load.run(decrypts, tunnel.sas()).ownerPercent();
                cluster.applyReady(List.of(steering));
                steered[i] = load.run(decrypts, tunnel.sas()).ownerPercent();
                cluster.client().resource(steering).delete();
                cluster.awaitSteering("");
            }
        }
        return List.of(Figure.median(
                        "owner-share",
                        "packets decrypted by the owner CPU, steered; baseline: not steered; owners crossed",
                        "%",
                        steered)
                .against(Figure.percentile(plain, 50))
                .aiming(100));
    }

    private List<Figure> restarts() {
        Tunnel tunnel = Tunnel.make(cluster.keys(), "bench-restart", cluster.node(0), cluster.node(1), CPUS);
        cluster.applyReady(tunnel.objects());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Auto)));
        cluster.warmUp();
        double[] agent = new double[RESTARTS];
        double[] operator = new double[RESTARTS];
        for (int i = 0; i < RESTARTS; i++) {
            agent[i] = lostDuring(() -> {
                cluster.agent(1).terminate();
                cluster.agent(1).startAgain();
                cluster.agent(1).awaitReady();
            });
            operator[i] = lostDuring(() -> {
                cluster.operator().terminate();
                cluster.operator().startAgain();
                cluster.operator().awaitReady();
            });
        }
        return List.of(
                Figure.median(
                                "agent-restart-lost",
                                "packets lost while an agent restarts, at 500 per second each way",
                                "packets",
                                agent)
                        .aiming(0),
                Figure.median(
                                "operator-restart-lost",
                                "packets lost while the operator restarts, at 500 per second each way",
                                "packets",
                                operator)
                        .aiming(0));
    }

    private double lostDuring(Runnable happening) {
        try (Flow.Running flow = Flow.endless(cluster.node(0), cluster.node(1), PORT, PER_SECOND)
                .start(cluster.lab().daemons())) {
            happening.run();
            return flow.end().lost();
        }
    }

    private List<Figure> footprint() {
        double[] start = new double[RESTARTS];
        double[] memory = new double[RESTARTS];
        for (int i = 0; i < RESTARTS; i++) {
            cluster.operator().terminate();
            cluster.operator().startAgain();
            start[i] = cluster.operator().awaitReady().toNanos() / 1e9;
            memory[i] =
                    rss(Command.of("cat", "/proc/" + cluster.operator().daemon().pid() + "/status")
                            .output());
        }
        List<Figure> figures = new ArrayList<>(List.of(
                Figure.median("operator-start", "start of the operator until it is ready", "s", start),
                Figure.median("operator-rss", "resident memory of the operator when it is ready", "MiB", memory)));
        figures.addAll(agentFootprint("agent", "in the lab's kernel"));
        return figures;
    }

    private List<Figure> agentOnThisMachine() {
        return agentFootprint("agent-host", "on this machine's kernel");
    }

    private List<Figure> agentFootprint(String id, String where) {
        double[] start = new double[RESTARTS];
        double[] memory = new double[RESTARTS];
        Agent agent = cluster.agent(0);
        for (int i = 0; i < RESTARTS; i++) {
            agent.terminate();
            agent.startAgain();
            start[i] = agent.awaitReady().toNanos() / 1e9;
            memory[i] = rss(agent.status());
        }
        return List.of(
                Figure.median(id + "-start", "start of an agent until it is ready, " + where, "s", start),
                Figure.median(id + "-rss", "resident memory of an agent when it is ready, " + where, "MiB", memory));
    }

    /** VmRSS of a text in the format of /proc/PID/status, in MiB. */
    private static double rss(String status) {
        return status.lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / MIB)
                .findFirst()
                .orElseThrow();
    }

    private static void write(Path file, List<Figure> figures) throws IOException {
        Files.createDirectories(file.getParent());
        new ObjectMapper()
                .registerModule(new Jdk8Module())
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValue(file.toFile(), figures);
        System.out.println("written to " + file);
    }
}
