package io.ipsecxdp.agent.steering;

import io.ipsecxdp.bpf.HashCpus;
import io.ipsecxdp.bpf.QueueCount;
import io.ipsecxdp.bpf.SteeredInterface;
import io.ipsecxdp.bpf.SteeringConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** Looks every now and then how the load is spread, for the interfaces with assignment Adaptive. For one thread. */
final class Balancer {

    private static final Logger LOG = Logger.getLogger(Balancer.class);

    /** Not shorter than the kernel loop's resync, which is what makes it look. */
    static final Duration INTERVAL = Duration.ofSeconds(10);

    private record Looked(Instant at, Load load, Rebalance rebalance) {}

    private final Map<String, Looked> looked = new HashMap<>();

    /**
     * What was counted on an interface so far.
     *
     * @param buckets packets that the table steered, by bucket
     * @param queues by CPU
     */
    record Load(List<Long> buckets, List<QueueCount> queues) {
        static Load of(SteeredInterface steering) {
            return new Load(Arrays.stream(steering.bucketPackets()).boxed().toList(), steering.queues());
        }
    }

    /** Looks at an interface, if it is adaptive and its last look is an interval ago. */
    void look(String name, Supplier<Load> load, SteeringConfig config, Instant now) {
        if (!config.countBuckets()) {
            looked.remove(name);
            return;
        }
        Optional<Looked> before = Optional.ofNullable(looked.get(name));
        if (before.isPresent() && now.isBefore(before.get().at().plus(INTERVAL))) {
            return;
        }
        Load counted = load.get();
        Rebalance then = before.map(Looked::rebalance).orElse(Rebalance.NONE);
        Rebalance next =
                before.map(last -> then.after(interval(config, last, counted))).orElse(then);
        next.moved().forEach((bucket, cpu) -> {
            if (!cpu.equals(then.moved().get(bucket))) {
                LOG.infof("%s: SAs of bucket %d go to CPU %d from now on", name, bucket, cpu);
            }
        });
        looked.put(name, new Looked(now, counted, next));
    }

    void retain(Collection<String> interfaces) {
        looked.keySet().retainAll(interfaces);
    }

    /** Buckets that go to another CPU than the hash says, by interface. */
    Map<String, SortedMap<Integer, Integer>> moved() {
        Map<String, SortedMap<Integer, Integer>> moved = new HashMap<>();
        looked.forEach((name, last) -> moved.put(name, last.rebalance().moved()));
        return moved;
    }

    private static Rebalance.Interval interval(SteeringConfig config, Looked last, Load now) {
        HashCpus hash = HashCpus.over(config.cpus());
        Map<Integer, Long> ofBucket = new HashMap<>();
        Map<Integer, Integer> hashed = new HashMap<>();
        Map<Integer, Long> ofCpu = new TreeMap<>();
        Map<Integer, Long> byTable = new TreeMap<>();
        for (int bucket = 0; bucket < now.buckets().size(); bucket++) {
            long packets = now.buckets().get(bucket) - last.load().buckets().get(bucket);
            if (packets > 0) {
                ofBucket.put(bucket, packets);
                hashed.put(bucket, hash.cpuOfBucket(bucket));
                byTable.merge(config.movedBuckets().getOrDefault(bucket, hash.cpuOfBucket(bucket)), packets, Long::sum);
            }
        }
        for (int cpu : config.cpus()) {
            ofCpu.put(cpu, taken(now.queues(), cpu) - taken(last.load().queues(), cpu));
        }
        // In generic mode the kernel does not tell what a queue took: then only what the table steered is known
        boolean told = ofCpu.values().stream().anyMatch(packets -> packets > 0);
        return new Rebalance.Interval(config.cpus(), told ? ofCpu : byTable, ofBucket, hashed);
    }

    private static long taken(List<QueueCount> queues, int cpu) {
        return cpu < queues.size()
                ? queues.get(cpu).enqueued() + queues.get(cpu).dropped()
                : 0;
    }
}
