package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Bad weather for as long as one likes: agents, operator and API server end, hang and come back, nodes are booted, SAs are
 * replaced and lost, links and CPUs go, clocks step, neighbours come and go, all at random times, while numbered packets flow
 * both ways. None of it may lose, double or bare a packet, use a nonce twice, or touch what is not ours.
 */
public final class Chaos {
    private static final Duration AFTERMATH = Duration.ofSeconds(2);
    private static final String SAS = "sas";
    private static final String TUNNEL = "tunnel";

    private final Cluster cluster;
    private final Narrator narrator;
    private final ChaosDice dice;
    private final ChaosSubject subject;
    private final Map<String, Integer> happened = new LinkedHashMap<>();

    private Chaos(Cluster cluster, Narrator narrator, RandomGenerator random, ChaosSubject subject) {
        this.cluster = cluster;
        this.narrator = narrator;
        this.dice = new ChaosDice(random, cluster);
        this.subject = subject;
    }

    /** @param arguments what protects the packets: tunnel or sas; minutes; a seed if it shall be the chaos of an earlier run */
    public static void main(String[] arguments) {
        String kind = arguments[0];
        if (!List.of(SAS, TUNNEL).contains(kind)) {
            System.err.println("chaos: KIND is " + TUNNEL + " or " + SAS + ", not " + kind);
            System.exit(2);
        }
        int minutes = Integer.parseInt(arguments[1]);
        long seed = arguments.length > 2 ? Long.parseLong(arguments[2]) : System.nanoTime();
        var narrator = new Narrator(System.out);
        Runtime.getRuntime().addShutdownHook(new Thread(narrator::interrupted));
        narrator.step("Chaos for %2$d minutes, seed %3$d: make chaos KIND=%1$s MINUTES=%2$d SEED=%3$d repeats it"
                .formatted(kind, minutes, seed));
        boolean well = run(kind, Duration.ofMinutes(minutes), seed, narrator);
        narrator.end();
        System.exit(well ? 0 : 1);
    }

    private static boolean run(String kind, Duration time, long seed, Narrator narrator) {
        Project project = Project.here();
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        try (Cluster cluster = Cluster.start(project, KernelChoice.best(project).kernel())) {
            ChaosSubject subject = kind.equals(TUNNEL) ? new ChaosTunnel(cluster) : new ChaosSas(cluster);
            return new Chaos(cluster, narrator, random, subject).run(time);
        } catch (RuntimeException e) {
            narrator.failed(e);
            return false;
        }
    }

    private boolean run(Duration time) {
        subject.declare();
        ChaosOfNodes.prepare(cluster);
        cluster.warmUp();
        var foreign = new ChaosForeign(cluster.lab().nodes());
        foreign.add();
        List<String> before = foreign.read();
        try (ChaosTraffic traffic = ChaosTraffic.start(cluster)) {
            Map<String, Runnable> happenings = happenings(traffic);
            long end = System.nanoTime() + time.toNanos();
            while (System.nanoTime() < end) {
                dice.pause();
                happen(happenings);
            }
            Await.pause(AFTERMATH);
            return told(traffic.judge(before.equals(foreign.read())));
        }
    }

    private Map<String, Runnable> happenings(ChaosTraffic traffic) {
        Map<String, Runnable> all = new LinkedHashMap<>(new ChaosOfPrograms(cluster, subject, dice).happenings());
        all.putAll(new ChaosOfNodes(cluster, subject, traffic, dice).happenings());
        return all;
    }

    private void happen(Map<String, Runnable> happenings) {
        String name = dice.oneOf(List.copyOf(happenings.keySet()));
        narrator.say("[%d s] %s".formatted(narrator.elapsed().toSeconds(), name));
        happenings.get(name).run();
        happened.merge(name, 1, Integer::sum);
    }

    private boolean told(ChaosVerdict verdict) {
        cluster.lab()
                .nodes()
                .forEach(node -> narrator.say("dropped by XFRM on %s: %s"
                        .formatted(
                                node.name(),
                                node.script("grep -v '\t0$' /proc/net/xfrm_stat || true")
                                        .replaceAll("\\s+", " "))));
        happened.forEach((name, times) -> narrator.say("%4d times: %s".formatted(times, name)));
        narrator.result("chaos: " + verdict);
        return verdict.isWell();
    }
}
