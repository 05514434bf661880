package io.ipsecxdp.e2e;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * How many packets each SA decrypted on each CPU, counted by the kernel: a probe on {@code xfrm_replay_advance}, which
 * net/xfrm/xfrm_input.c calls once for each packet whose integrity check succeeded.
 */
public final class Decrypts implements AutoCloseable {
    private static final String TRACEFS = "/sys/kernel/tracing";
    private static final String EVENT = "ipsec_xdp_e2e/decrypt";
    private static final Pattern ENTRY = Pattern.compile("common_cpu:\\s*(\\d+), spi:\\s*(\\d+) } hitcount:\\s*(\\d+)");
    private static final Pattern DROPPED = Pattern.compile("Dropped: (\\d+)");

    private final Kernel kernel;

    private Decrypts(Kernel kernel) {
        this.kernel = kernel;
    }

    /** Starts counting. */
    public static Decrypts of(Kernel kernel) {
        kernel.script("""
                cd %1$s
                echo 'p:%2$s xfrm_replay_advance spi=x->id.spi:u32' >>kprobe_events
                echo 'hist:keys=common_cpu,spi:size=65536' >events/%2$s/trigger
                """.formatted(TRACEFS, EVENT));
        return new Decrypts(kernel);
    }

    /** What was counted so far. */
    public Tally read() {
        String histogram = kernel.run("cat", TRACEFS + "/events/" + EVENT + "/hist");
        var dropped = DROPPED.matcher(histogram);
        if (!dropped.find() || !dropped.group(1).equals("0")) {
            throw new IllegalStateException("the kernel's histogram is not complete:\n" + histogram);
        }
        Map<Long, Map<Integer, Long>> bySpi = new TreeMap<>();
        var entries = ENTRY.matcher(histogram);
        while (entries.find()) {
            // The SPI is in network byte order
            long spi = Integer.toUnsignedLong(Integer.reverseBytes(Integer.parseUnsignedInt(entries.group(2))));
            bySpi.computeIfAbsent(spi, any -> new TreeMap<>())
                    .put(Integer.valueOf(entries.group(1)), Long.valueOf(entries.group(3)));
        }
        return new Tally(bySpi);
    }

    @Override
    public void close() {
        kernel.script("""
                cd %1$s
                [ ! -e events/%2$s ] || { echo '!hist:keys=common_cpu,spi:size=65536' >events/%2$s/trigger; echo '-:%2$s' >>kprobe_events; }
                """.formatted(TRACEFS, EVENT));
    }

    /** Decrypted packets by SPI and CPU. */
    public record Tally(Map<Long, Map<Integer, Long>> bySpi) {

        public long packets(long spi, int cpu) {
            return bySpi.getOrDefault(spi, Map.of()).getOrDefault(cpu, 0L);
        }

        public long packets(long spi) {
            return bySpi.getOrDefault(spi, Map.of()).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
        }

        /** What was counted since {@code earlier}. */
        public Tally since(Tally earlier) {
            Map<Long, Map<Integer, Long>> difference = new TreeMap<>();
            bySpi.forEach((spi, byCpu) -> byCpu.forEach((cpu, packets) -> difference
                    .computeIfAbsent(spi, any -> new TreeMap<>())
                    .put(cpu, packets - earlier.packets(spi, cpu))));
            return new Tally(difference);
        }
    }
}
