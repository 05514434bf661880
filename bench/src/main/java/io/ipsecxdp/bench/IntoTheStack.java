package io.ipsecxdp.bench;

import io.ipsecxdp.bench.jna.FreshNetwork;
import io.ipsecxdp.e2e.Project;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/** How many packets get to the stack of the CPU they are steered to, beside xdp-bench doing nothing but that. */
final class IntoTheStack implements Measurement {
    private static final int OWNER = 1;

    /** As the product's default. */
    private static final int QUEUE_SIZE = 2048;

    /** Two or three seconds of them. */
    private static final int FRAMES = 1_000_000;

    /** Single ones lie as far apart as the two programs may. */
    private static final int ROUNDS = 3 * Rounds.LEAST;

    /** At least so much of what got into the stack did so on the CPU that owns the SA, or it was no steering. */
    private static final double ON_OWNER = 0.99;

    private static final String BASELINE = "xdp-bench redirect-cpu --program-mode ";

    private static final Map<String, String> MODES = modes();

    private static Map<String, String> modes() {
        Map<String, String> modes = new LinkedHashMap<>();
        modes.put("no-touch", "which reads nothing of the packet");
        modes.put("touch", "which reads its Ethernet header");
        modes.put("l4-hash", "its default, which hashes the addresses");
        return modes;
    }

    @Override
    public String id() {
        return "P2";
    }

    @Override
    public String what() {
        return "packets per second into the stack of the owner CPU, beside those that xdp-bench redirect-cpu brings there";
    }

    @Override
    public String method() {
        return """
                The kernel makes the frames itself on CPU 0 (`BPF_F_TEST_XDP_LIVE_FRAMES`) and sends them through a veth. A frame counts once IP has
                seen it, and the run fails if CPU 1 did not take it. Our program is what an agent attaches, with the tracepoints that count queues.
                `xdp-bench` runs without libxdp's dispatcher and with the same queue of 2,048. The sender and the thread of the CPUMAP run before all other
                work (`SCHED_FIFO`). Each round is a million frames.

                Our program and the three modes of `xdp-bench` are the same within what this measurement can tell apart: single rounds differ by about
                half of the median, and whole runs by 0.1 in the ratio. The likely limit of all four is the CPU that takes the packets up the stack.

                Debian's xdp-tools up to 1.5.4 (bookworm, trixie) cannot run on Linux 6.16 and later, which removed a tracepoint that they need;
                `lab/xdp-bench` downloads those of sid.
                """;
    }

    @Override
    public List<Figure> measure(Labs labs) {
        labs.quiet();
        // It may have to be downloaded, and from that network there is no way
        var xdpBench = new XdpBench(labs.project(), QUEUE_SIZE, OWNER);
        return FreshNetwork.run(() -> measured(labs.project(), xdpBench));
    }

    private static List<Figure> measured(Project project, XdpBench xdpBench) {
        try (var pour = Pour.start(project);
                var steered = new Steered(QUEUE_SIZE, OWNER)) {
            Map<String, DoubleSupplier> subjects = new LinkedHashMap<>();
            subjects.put("ours", () -> perSecond(pour, steered::begin));
            MODES.keySet().forEach(mode -> subjects.put(mode, () -> perSecond(pour, () -> xdpBench.begin(mode))));
            Map<String, Series> rates = Rounds.interleaved(ROUNDS, subjects);
            List<Figure> figures = new ArrayList<>();
            MODES.forEach((mode, why) -> figures.add(Figure.median(
                            "P2-" + mode,
                            "packets of one SA that the program brought to the IP layer of CPU %d; baseline: %s%s, %s"
                                    .formatted(OWNER, BASELINE, mode, why),
                            "1/s",
                            rates.get("ours"))
                    .against(rates.get(mode).median())
                    .aiming(Goal.ratioAtLeast(1.0))));
            return figures;
        }
    }

    /** @param begin begins steering, and gives what ends it */
    private static double perSecond(Pour pour, Supplier<Runnable> begin) {
        Runnable end = begin.get();
        try {
            var poured = pour.frames(FRAMES);
            if (poured.refused() == 0 || poured.onCpu(OWNER) < ON_OWNER * poured.refused()) {
                throw new IllegalStateException("not steered to CPU %d: %s".formatted(OWNER, poured));
            }
            return poured.refused() / poured.seconds();
        } finally {
            end.run();
        }
    }
}
