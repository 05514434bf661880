package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The maps of maps.h, read and written by meaning. */
final class SteerMaps implements AutoCloseable {
    static final String CONFIG = "config";
    static final String CPUS = "cpus";
    static final String HASH_CPUS = "hash_cpus";
    static final String BUCKET_PACKETS = "bucket_packets";
    static final String FIXED = "fixed";
    static final String COUNTERS = "counters";
    static final String TALKERS = "talkers";

    /** One interface's own, and what a later program goes on with. */
    static final List<String> NAMES = List.of(CONFIG, CPUS, HASH_CPUS, BUCKET_PACKETS, FIXED, COUNTERS, TALKERS);

    static final String SAD_MIRROR = "sad_mirror";
    static final String MIRROR_FILLED = "mirror_filled";

    /** Of all interfaces. */
    static final List<String> SHARED = List.of(SAD_MIRROR, MIRROR_FILLED);

    static final int CONFIG_SIZE = 32;
    private static final int CONFIG_UDP_PORTS = 16;
    private static final int BY_OWNER = 1;
    private static final int HAS_FIXED = 2;
    private static final int COUNT_BUCKETS = 4;
    private static final int OTHER_NETNS = 8;

    static final int TALKER_SIZE = 40;
    static final int TALKED_SIZE = 16;
    private static final int TALKER_DESTINATION = 16;
    private static final int TALKER_SPI = 32;
    private static final int TALKER_FAMILY = 36;
    private static final int AF_INET = 2;

    private static final int COUNT_SIZE = 2 * Long.BYTES;

    private final Map<String, Fd> maps;
    private final int possibleCpus = Bpf.possibleCpus();

    private SteerMaps(Function<String, Fd> map) {
        this.maps = NAMES.stream().collect(Collectors.toUnmodifiableMap(name -> name, map));
    }

    static SteerMaps of(BpfObject loaded) {
        return new SteerMaps(loaded::map);
    }

    static SteerMaps at(Pins pins) {
        return new SteerMaps(pins::map);
    }

    /**
     * Brings the maps to the configuration while frames flow: queues of new CPUs first, then what leads to them, then the
     * queues that nothing leads to any more. A frame that still finds a queue gone is passed.
     */
    void apply(SteeringConfig config) {
        var present = queues();
        config.cpus().stream()
                .filter(cpu -> present.getOrDefault(cpu, 0) != config.queueSize())
                .forEach(cpu -> Bpf.update(map(CPUS), cpu, int32(config.queueSize())));
        applyFixed(config.fixed());
        write(HASH_CPUS, config.table().bytes());
        write(CONFIG, bytes(config));
        present.keySet().stream()
                .filter(cpu -> !config.cpus().contains(cpu))
                .forEach(cpu -> Bpf.delete(map(CPUS), cpu));
    }

    private void applyFixed(Map<Long, Integer> fixed) {
        Map<Integer, Integer> wanted = new TreeMap<>();
        fixed.forEach((spi, cpu) -> wanted.put(spi.intValue(), cpu));
        for (var key : Bpf.keys(map(FIXED), Integer.BYTES)) {
            if (!wanted.containsKey(ByteBuffer.wrap(key).getInt())) {
                Bpf.deleteIfThere(map(FIXED), key);
            }
        }
        wanted.forEach((spi, cpu) -> {
            var key = ByteBuffer.allocate(Integer.BYTES).putInt(spi).array();
            var there = Bpf.lookup(map(FIXED), key, Integer.BYTES);
            if (there.isEmpty() || nativeOrder(there.get()).getInt() != cpu) {
                Bpf.update(map(FIXED), key, int32(cpu));
            }
        });
    }

    /** {@code struct config} of maps.h. */
    static byte[] bytes(SteeringConfig config) {
        int flags = (config.assignment() == Assignment.OWNER ? BY_OWNER : 0)
                | (config.fixed().isEmpty() ? 0 : HAS_FIXED)
                | (config.countBuckets() ? COUNT_BUCKETS : 0)
                | (config.netnsId().isPresent() ? OTHER_NETNS : 0);
        var buffer = ByteBuffer.allocate(CONFIG_SIZE)
                .order(ByteOrder.nativeOrder())
                .putInt(flags)
                .putInt(config.unknownSpi().number())
                .putInt(config.netnsId().orElse(0))
                .putInt(config.mark())
                .order(ByteOrder.BIG_ENDIAN)
                .position(CONFIG_UDP_PORTS);
        config.udpPorts().forEach(port -> buffer.putShort(port.shortValue()));
        return buffer.array();
    }

    private void write(String name, byte[] value) {
        if (!Arrays.equals(value, Bpf.lookup(map(name), 0, value.length).orElseThrow())) {
            Bpf.update(map(name), 0, value);
        }
    }

    /** CPU to the size of its queue, as the kernel has them. */
    SortedMap<Integer, Integer> queues() {
        var queues = new TreeMap<Integer, Integer>();
        for (int cpu = 0; cpu < possibleCpus; cpu++) {
            int key = cpu;
            Bpf.lookup(map(CPUS), key, Integer.BYTES)
                    .ifPresent(value -> queues.put(key, nativeOrder(value).getInt()));
        }
        return queues;
    }

    /** By which the kernel's tracepoints name the queues. */
    int queuesId() {
        return Bpf.mapInfo(map(CPUS)).id();
    }

    Counters counters() {
        var byOutcome = new EnumMap<Outcome, List<Count>>(Outcome.class);
        for (var outcome : Outcome.values()) {
            var values = Bpf.lookup(map(COUNTERS), outcome.number(), COUNT_SIZE * possibleCpus)
                    .orElseThrow(() -> new IllegalStateException("no counter for " + outcome));
            byOutcome.put(outcome, counts(nativeOrder(values)));
        }
        return new Counters(byOutcome);
    }

    /** Packets of each bucket, of all CPUs. */
    long[] bucketPackets() {
        int size = HashCpus.BUCKETS * Long.BYTES;
        var values = nativeOrder(
                Bpf.lookup(map(BUCKET_PACKETS), 0, size * possibleCpus).orElseThrow());
        var packets = new long[HashCpus.BUCKETS];
        for (int cpu = 0; cpu < possibleCpus; cpu++) {
            for (int bucket = 0; bucket < HashCpus.BUCKETS; bucket++) {
                packets[bucket] += values.getLong();
            }
        }
        return packets;
    }

    /** Those with the most packets first. */
    List<UnknownTalker> unknownTalkers() {
        var found = new ArrayList<UnknownTalker>();
        for (var key : Bpf.keys(map(TALKERS), TALKER_SIZE)) {
            Bpf.lookup(map(TALKERS), key, TALKED_SIZE).ifPresent(value -> found.add(talker(key, value)));
        }
        found.sort(Comparator.comparingLong(UnknownTalker::packets).reversed());
        return List.copyOf(found);
    }

    private static UnknownTalker talker(byte[] key, byte[] value) {
        int length = nativeOrder(key).getShort(TALKER_FAMILY) == AF_INET ? 4 : 16;
        return new UnknownTalker(
                address(key, 0, length),
                address(key, TALKER_DESTINATION, length),
                Integer.toUnsignedLong(ByteBuffer.wrap(key).getInt(TALKER_SPI)),
                nativeOrder(value).getLong(0));
    }

    private static InetAddress address(byte[] bytes, int from, int length) {
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(bytes, from, from + length));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    void forEach(BiConsumer<String, Fd> action) {
        maps.forEach(action);
    }

    @Override
    public void close() {
        maps.values().forEach(Fd::close);
    }

    private Fd map(String name) {
        return maps.get(name);
    }

    private List<Count> counts(ByteBuffer perCpu) {
        return IntStream.range(0, possibleCpus)
                .mapToObj(cpu ->
                        new Count(perCpu.getLong(cpu * COUNT_SIZE), perCpu.getLong(cpu * COUNT_SIZE + Long.BYTES)))
                .toList();
    }

    static ByteBuffer nativeOrder(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    static byte[] int32(int value) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
    }
}
