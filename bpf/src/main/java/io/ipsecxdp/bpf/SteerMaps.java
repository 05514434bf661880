package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/** The maps of maps.h, read and written by meaning. */
final class SteerMaps implements AutoCloseable {
    static final String CPUS = "cpus";
    static final String HASH_CPUS = "hash_cpus";
    static final String COUNTERS = "counters";
    static final List<String> NAMES = List.of(CPUS, HASH_CPUS, COUNTERS);

    private static final int COUNT_SIZE = 2 * Long.BYTES;

    private final Fd cpus;
    private final Fd hashCpus;
    private final Fd counters;
    private final int possibleCpus;

    private SteerMaps(Fd cpus, Fd hashCpus, Fd counters, int possibleCpus) {
        this.cpus = cpus;
        this.hashCpus = hashCpus;
        this.counters = counters;
        this.possibleCpus = possibleCpus;
    }

    static SteerMaps of(BpfObject loaded) {
        return new SteerMaps(loaded.map(CPUS), loaded.map(HASH_CPUS), loaded.map(COUNTERS), Bpf.possibleCpus());
    }

    static SteerMaps at(Pins pins) {
        return new SteerMaps(pins.map(CPUS), pins.map(HASH_CPUS), pins.map(COUNTERS), Bpf.possibleCpus());
    }

    /**
     * Brings the maps to the configuration while frames flow: queues of new CPUs first, then the table that leads to
     * them, then the queues that nothing leads to any more. A frame that still finds a queue gone is passed.
     */
    void apply(SteeringConfig config) {
        var present = queues();
        config.cpus().stream()
                .filter(cpu -> present.getOrDefault(cpu, 0) != config.queueSize())
                .forEach(cpu -> Bpf.update(cpus, cpu, int32(config.queueSize())));
        var table = HashCpus.over(config.cpus()).bytes();
        if (!Arrays.equals(table, Bpf.lookup(hashCpus, 0, table.length).orElseThrow())) {
            Bpf.update(hashCpus, 0, table);
        }
        present.keySet().stream().filter(cpu -> !config.cpus().contains(cpu)).forEach(cpu -> Bpf.delete(cpus, cpu));
    }

    /** CPU to the size of its queue, as the kernel has them. */
    SortedMap<Integer, Integer> queues() {
        var queues = new TreeMap<Integer, Integer>();
        for (int cpu = 0; cpu < possibleCpus; cpu++) {
            int key = cpu;
            Bpf.lookup(cpus, key, Integer.BYTES)
                    .ifPresent(value -> queues.put(key, nativeOrder(value).getInt()));
        }
        return queues;
    }

    Counters counters() {
        var byOutcome = new EnumMap<Outcome, List<Count>>(Outcome.class);
        for (var outcome : Outcome.values()) {
            var values = Bpf.lookup(counters, outcome.number(), COUNT_SIZE * possibleCpus)
                    .orElseThrow(() -> new IllegalStateException("no counter for " + outcome));
            byOutcome.put(outcome, counts(nativeOrder(values)));
        }
        return new Counters(byOutcome);
    }

    void forEach(BiConsumer<String, Fd> action) {
        action.accept(CPUS, cpus);
        action.accept(HASH_CPUS, hashCpus);
        action.accept(COUNTERS, counters);
    }

    @Override
    public void close() {
        cpus.close();
        hashCpus.close();
        counters.close();
    }

    private List<Count> counts(ByteBuffer perCpu) {
        return IntStream.range(0, possibleCpus)
                .mapToObj(cpu ->
                        new Count(perCpu.getLong(cpu * COUNT_SIZE), perCpu.getLong(cpu * COUNT_SIZE + Long.BYTES)))
                .toList();
    }

    private static ByteBuffer nativeOrder(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    private static byte[] int32(int value) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
    }
}
