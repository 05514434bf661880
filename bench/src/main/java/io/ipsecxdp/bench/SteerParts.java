package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.Kernel;
import io.ipsecxdp.e2e.Project;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;

/** The XDP program and its parts in the kernel, with SAs to find, ready to be timed: src/main/c/steer-cost.c. */
final class SteerParts implements AutoCloseable {
    private static final String PROGRAM = "steer-cost";
    private static final String OBJECT = "steer_parts.bpf.o";

    private final Instrument instrument;

    private SteerParts(Instrument instrument) {
        this.instrument = instrument;
    }

    /**
     * On this machine's own kernel.
     *
     * @param sas 1 to 131072; since Linux 6.17 each one more takes longer, because the kernel walks through those there are
     *     (net/xfrm/xfrm_state.c xfrm_state_lookup_spi_proto): 100,000 take minutes
     */
    static SteerParts with(Project project, int sas) {
        return started(List.of(
                built(project, PROGRAM).toString(), built(project, OBJECT).toString(), Integer.toString(sas)));
    }

    /** On another kernel, which has ESP. */
    static SteerParts in(Kernel kernel, Project project, int sas) {
        kernel.copy(built(project, PROGRAM), "/tmp/" + PROGRAM);
        kernel.copy(built(project, OBJECT), "/tmp/" + OBJECT);
        kernel.run("modprobe", "esp4");
        return started(kernel.command(List.of("/tmp/" + PROGRAM, "/tmp/" + OBJECT, Integer.toString(sas))));
    }

    private static Path built(Project project, String name) {
        return project.root().resolve("bench/target").resolve(name);
    }

    private static SteerParts started(List<String> command) {
        return new SteerParts(Instrument.start(PROGRAM, command));
    }

    /** Nanoseconds per frame of a known SPI. */
    DoubleSupplier run(String part) {
        return () -> ask("run " + part + " 1000000");
    }

    /** Nanoseconds per frame of an unknown SPI. */
    DoubleSupplier miss(String part) {
        return () -> ask("miss " + part + " 1000000");
    }

    /** Nanoseconds per frame of an unknown SPI, with what the kernel does to frames that are passed or dropped. */
    DoubleSupplier live(String part) {
        return () -> ask("live " + part + " 100000");
    }

    /** What the policy does with unknown SPIs: the numbers of UnknownSpi. */
    void unknownSpi(int number) {
        ask("unknown " + number);
    }

    /** For want of what the kernel refuses a frame of ESP. */
    enum Want {
        PROTOCOL,
        SA
    }

    /** Frames that the kernel refused so far. */
    double refused(Want want) {
        return ask("refused " + want.name().toLowerCase(Locale.ROOT));
    }

    /** Whether another CPU takes and drops references on the SA meanwhile. */
    void contend(boolean on) {
        ask("contend " + (on ? 1 : 0));
    }

    private double ask(String order) {
        return Double.parseDouble(instrument.ask(order));
    }

    @Override
    public void close() {
        instrument.close();
    }
}
