package io.ipsecxdp.e2e;

import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.XdpMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Bad weather for as long as one likes: agents, operator and API server end, hang and come back, SAs are rotated, CPUs go,
 * clocks step, neighbours come and go, all at random times, while numbered packets flow both ways. None of it may lose,
 * double or bare a packet, use a nonce twice, or touch what is not ours.
 */
public final class Chaos {
    private static final int PER_SECOND = 500; // from each node, and as many echoes: 2,000 packets/s in all
    private static final int PORT = 9_100;
    private static final int MILLIS_BETWEEN = 3_000;
    private static final Duration AFTERMATH = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final Cluster cluster;
    private final Narrator narrator;
    private final RandomGenerator random;
    private final Map<String, Runnable> happenings = new LinkedHashMap<>();
    private final Map<String, Integer> happened = new LinkedHashMap<>();
    private List<SecurityAssociation> sas;
    private int rotations;

    private Chaos(Cluster cluster, Narrator narrator, RandomGenerator random) {
        this.cluster = cluster;
        this.narrator = narrator;
        this.random = random;
        happenings.put("an agent restarts", this::agentRestarts);
        happenings.put("an agent is killed", this::agentIsKilled);
        happenings.put("the operator restarts", this::operatorRestarts);
        happenings.put("the operator is killed", this::operatorIsKilled);
        happenings.put("the API server restarts", this::apiServerRestarts);
        happenings.put("the API server and an agent restart", this::apiServerAndAgentRestart);
        happenings.put("the API server hangs", this::apiServerHangs);
        happenings.put("etcd is restored from a backup", this::etcdIsRestored);
        happenings.put("a disk is full", this::diskIsFull);
        happenings.put("SAs are rotated", this::rotate);
        happenings.put("SAs are rotated while the receiver's agent is away", this::rotateWithoutReceiver);
        happenings.put("steering changes", this::steeringChanges);
        happenings.put("a CPU goes offline and comes back", this::cpuGoes);
        happenings.put("the clock steps", this::clockSteps);
        happenings.put("SAs and policies of somebody else come and go", this::neighbours);
    }

    /** @param arguments minutes, and a seed if it shall be the chaos of an earlier run */
    public static void main(String[] arguments) {
        int minutes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 30;
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.nanoTime();
        var narrator = new Narrator(System.out);
        Runtime.getRuntime().addShutdownHook(new Thread(narrator::interrupted));
        narrator.step(
                "Chaos for %d minutes, seed %d: make chaos MINUTES=%1$d SEED=%2$d repeats it".formatted(minutes, seed));
        Project project = Project.here();
        boolean well = false;
        try (Cluster cluster = Cluster.start(project, KernelChoice.best(project).kernel())) {
            RandomGenerator random =
                    RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
            well = new Chaos(cluster, narrator, random).run(Duration.ofMinutes(minutes));
        } catch (RuntimeException e) {
            narrator.failed(e);
        }
        narrator.end();
        System.exit(well ? 0 : 1);
    }

    private boolean run(Duration time) {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "chaos", cluster.node(0), cluster.node(1), 2);
        cluster.applyReady(tunnel.objects());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native)));
        cluster.warmUp();
        sas = tunnel.sas();
        addForeign();
        List<String> foreign = foreign();
        try (var cleanup = new Cleanup()) {
            List<WatchedWire> wires = cluster.lab().nodes().stream()
                    .map(node -> cleanup.add(WatchedWire.of(cluster.lab().daemons(), node)))
                    .toList();
            List<Flow.Running> flows = List.of(
                    cleanup.add(flow(0, 1).start(cluster.lab().daemons())),
                    cleanup.add(flow(1, 0).start(cluster.lab().daemons())));
            long end = System.nanoTime() + time.toNanos();
            while (System.nanoTime() < end) {
                Await.pause(Duration.ofMillis(random.nextInt(MILLIS_BETWEEN)));
                happen();
            }
            Await.pause(AFTERMATH);
            return judge(
                    flows.stream().map(Flow.Running::end).toList(),
                    wires.stream().map(WatchedWire::end).toList(),
                    foreign.equals(foreign()));
        }
    }

    private void happen() {
        List<String> names = List.copyOf(happenings.keySet());
        String name = names.get(random.nextInt(names.size()));
        narrator.say(name);
        happenings.get(name).run();
        happened.merge(name, 1, Integer::sum);
    }

    private boolean judge(List<Flow.Report> flows, List<WatchedWire.Report> wires, boolean untouched) {
        cluster.lab()
                .nodes()
                .forEach(node -> narrator.say("dropped by XFRM on %s: %s"
                        .formatted(
                                node.name(),
                                node.script("grep -v '\t0$' /proc/net/xfrm_stat || true")
                                        .replaceAll("\\s+", " "))));
        happened.forEach((name, times) -> narrator.say("%4d times: %s".formatted(times, name)));
        long sent = flows.stream().mapToLong(Flow.Report::sent).sum();
        long lost = flows.stream().mapToLong(Flow.Report::lost).sum();
        long twice = flows.stream().mapToLong(Flow.Report::duplicates).sum();
        long esp = wires.stream().mapToLong(WatchedWire.Report::esp).sum();
        long clear = wires.stream().mapToLong(WatchedWire.Report::clear).sum();
        long repeated = wires.stream().mapToLong(WatchedWire.Report::repeated).sum();
        long unseen = wires.stream().mapToLong(WatchedWire.Report::unseen).sum();
        narrator.result(
                ("chaos: %d packets sent and echoed, %d lost, %d twice; of %d ESP packets %d with a nonce used before, %d packets "
                                + "in the clear, %d that the capture missed; what is not ours was %s")
                        .formatted(
                                sent, lost, twice, esp, repeated, clear, unseen, untouched ? "untouched" : "TOUCHED"));
        return lost == 0 && twice == 0 && clear == 0 && repeated == 0 && untouched && sent > 0 && esp >= 2 * sent;
    }

    private Flow flow(int from, int to) {
        return Flow.endless(cluster.node(from), cluster.node(to), PORT, PER_SECOND);
    }

    private void agentRestarts() {
        AgentProcess agent = anAgent();
        agent.terminate();
        Await.pause(Duration.ofMillis(random.nextInt(MILLIS_BETWEEN)));
        agent.startAgain();
        agent.awaitReady();
    }

    private void agentIsKilled() {
        AgentProcess agent = anAgent();
        agent.kill();
        agent.startAgain();
        agent.awaitReady();
    }

    private void operatorRestarts() {
        cluster.operator().terminate();
        Await.pause(Duration.ofMillis(random.nextInt(MILLIS_BETWEEN)));
        cluster.operator().startAgain();
        cluster.operator().awaitReady();
    }

    private void operatorIsKilled() {
        cluster.operator().kill();
        cluster.operator().startAgain();
        cluster.operator().awaitReady();
    }

    private void apiServerRestarts() {
        cluster.lab().api().stopServer();
        Await.pause(Duration.ofMillis(random.nextInt(5 * MILLIS_BETWEEN)));
        cluster.lab().api().startServer();
    }

    private void apiServerAndAgentRestart() {
        AgentProcess agent = anAgent();
        cluster.lab().api().stopServer();
        agent.kill();
        agent.startAgain();
        Await.pause(Duration.ofMillis(random.nextInt(5 * MILLIS_BETWEEN)));
        cluster.lab().api().startServer();
        agent.awaitReady();
    }

    private void apiServerHangs() {
        cluster.lab().api().hang(Duration.ofMillis(random.nextInt(7 * MILLIS_BETWEEN)));
    }

    /** What is declared is the same before and after: a restored rotation would be the declaration of keys used before. */
    private void etcdIsRestored() {
        cluster.lab().api().backUp();
        steeringChanges();
        cluster.lab().api().restore();
    }

    private void diskIsFull() {
        String folder = anAgent().node().facts().state();
        List<SecurityAssociation> next = successors();
        cluster.lab()
                .kernel()
                .script("fallocate -l $(df -B1 --output=avail %1$s | tail -1) %1$s/full".formatted(folder));
        try {
            cluster.apply(next);
            Await.pause(Duration.ofMillis(random.nextInt(5 * MILLIS_BETWEEN)));
        } finally {
            cluster.lab().kernel().script("rm %s/full".formatted(folder));
        }
        cluster.awaitReady(next);
        replace(next);
    }

    private void rotate() {
        List<SecurityAssociation> next = successors();
        cluster.applyReady(next);
        replace(next);
    }

    private void rotateWithoutReceiver() {
        AgentProcess agent = anAgent();
        agent.terminate();
        List<SecurityAssociation> next = successors();
        cluster.apply(next);
        next.stream()
                .filter(sa ->
                        agent.node().name().equals(sa.getSpec().destination().node()))
                .forEach(sa -> cluster.await(
                        sa, "waiting for its receiver", ready -> ready.reason().equals(Reason.WaitsForPeer.name())));
        agent.startAgain();
        agent.awaitReady();
        cluster.awaitReady(next);
        replace(next);
    }

    private void replace(List<SecurityAssociation> next) {
        sas.forEach(sa -> cluster.client().resource(sa).delete());
        sas = next;
    }

    private List<SecurityAssociation> successors() {
        rotations++;
        List<SecurityAssociation> next = new ArrayList<>();
        for (SecurityAssociation sa : sas) {
            SaEnd source = sa.getSpec().source();
            SaEnd destination = sa.getSpec().destination();
            next.add(DeclaredTunnel.sa(
                    cluster.keys(),
                    "chaos-%d-%d".formatted(rotations, next.size()),
                    source,
                    destination,
                    SaMode.Tunnel,
                    sa.getSpec().terms().reqid()));
        }
        return next;
    }

    private void steeringChanges() {
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native, 512 << random.nextInt(4))));
    }

    private void cpuGoes() {
        String cpu = "/sys/devices/system/cpu/cpu1/online";
        if (cluster.lab().kernel() instanceof Guest guest) {
            guest.script("echo 0 >" + cpu);
            Await.pause(Duration.ofMillis(random.nextInt(MILLIS_BETWEEN)));
            guest.script("echo 1 >" + cpu);
        }
    }

    private void clockSteps() {
        if (cluster.lab().kernel() instanceof Guest guest) {
            int seconds = random.nextInt(-600, 600);
            guest.script("date -s @$(($(date +%%s) + %d))".formatted(seconds));
            Await.pause(AFTERMATH);
            guest.script("date -s @$(($(date +%%s) - %d))".formatted(seconds));
        }
    }

    private void neighbours() {
        Node node = anAgent().node();
        String sa = "src 192.0.2.%d dst 198.51.100.%d proto esp spi 0x%x"
                .formatted(random.nextInt(1, 255), random.nextInt(1, 255), random.nextInt(256, 1 << 30));
        node.script("ip xfrm state add %s mode tunnel reqid 7 aead 'rfc4106(gcm(aes))' 0x%s 128"
                .formatted(sa, "5a".repeat(20)));
        Await.pause(Duration.ofMillis(random.nextInt(MILLIS_BETWEEN)));
        node.script("ip xfrm state delete " + sa); // fails if somebody has touched it
    }

    /** Makes an SA and a policy on each node that no one but this chaos has to do with. */
    private void addForeign() {
        cluster.lab().nodes().forEach(node -> node.script("""
                ip xfrm state add src 192.0.2.77 dst 198.51.100.77 proto esp spi 0x4d4d4d4d mode tunnel reqid 7 aead 'rfc4106(gcm(aes))' 0x%s 128
                ip xfrm policy add src 203.0.113.0/25 dst 203.0.113.128/25 dir out tmpl src 192.0.2.77 dst 198.51.100.77 proto esp mode tunnel reqid 7
                """.formatted("5a".repeat(20))));
    }

    private List<String> foreign() {
        return cluster.lab().nodes().stream().map(node -> node.script("""
                        ip xfrm state list nokeys | grep -A 2 '^src 192.0.2.77'
                        ip xfrm policy list | grep -A 2 '^src 203.0.113.0/25'
                        """)).toList();
    }

    private AgentProcess anAgent() {
        return cluster.agent(random.nextInt(cluster.lab().nodes().size()));
    }
}
