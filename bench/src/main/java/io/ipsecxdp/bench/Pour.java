package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.Project;
import java.util.Arrays;
import java.util.List;

/**
 * Pours ESP frames of one SA, which CPU 1 owns, into the interface {@link #WIRE} as fast as CPU 0 can: src/main/c/pour.c,
 * in the network namespace of the thread that starts it.
 */
final class Pour implements AutoCloseable {
    static final String WIRE = "wire";

    /**
     * What became of the frames.
     *
     * @param refused those that came to the IP layer, which refused them for want of ESP
     * @param byCpu those that began their way up the stack, by CPU
     */
    record Poured(double seconds, long refused, List<Long> byCpu) {
        long onCpu(int cpu) {
            return byCpu.get(cpu);
        }
    }

    private final Instrument instrument;

    private Pour(Instrument instrument) {
        this.instrument = instrument;
    }

    static Pour start(Project project) {
        return new Pour(Instrument.start(
                "pour", List.of(project.root().resolve("bench/target/pour").toString())));
    }

    Poured frames(int count) {
        var words = instrument.ask(Integer.toString(count)).split(" ");
        return new Poured(
                Double.parseDouble(words[0]),
                Long.parseLong(words[1]),
                Arrays.stream(words).skip(2).map(Long::valueOf).toList());
    }

    @Override
    public void close() {
        instrument.close();
    }
}
