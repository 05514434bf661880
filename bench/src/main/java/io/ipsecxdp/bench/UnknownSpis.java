package io.ipsecxdp.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/** How fast packets are dropped whose SPI no SA has, beside the kernel alone that refuses them. */
final class UnknownSpis implements Measurement {
    private static final int PASS = 0;
    private static final int DROP = 2;

    @Override
    public String id() {
        return "P3";
    }

    @Override
    public String what() {
        return "packets per second of an unknown SPI that are dropped, beside those that the kernel alone refuses";
    }

    @Override
    public List<Figure> measure(Labs labs) {
        labs.quiet();
        try (var parts = SteerParts.with(labs.project(), 1_000)) {
            Map<String, DoubleSupplier> subjects = new LinkedHashMap<>();
            subjects.put("kernel", () -> perSecond(parts.live("same_pass_alone")));
            subjects.put("floor", () -> perSecond(parts.live("same_drop_alone")));
            subjects.put("drop", () -> {
                parts.unknownSpi(DROP);
                double rate = perSecond(parts.live("same_steer_frame"));
                parts.unknownSpi(PASS);
                return rate;
            });
            double before = parts.refused();
            var rates = Rounds.interleaved(Rounds.LEAST, subjects);
            if (parts.refused() <= before) {
                throw new IllegalStateException("the kernel did not refuse the frames that were passed to it");
            }
            double kernel = rates.get("kernel").median();
            return List.of(
                    Figure.median(
                                    "P3-drop",
                                    "packets of an unknown SPI dropped by the program; baseline: refused by this kernel alone, which "
                                            + "has no ESP and so refuses the protocol; both with what it takes to make the frame",
                                    "1/s",
                                    rates.get("drop"))
                            .against(kernel)
                            .aiming(Goal.ratioAtLeast(10)),
                    Figure.median(
                                    "P3-floor",
                                    "packets dropped by a program that does nothing else: the most that this way of measuring can "
                                            + "show; same baseline",
                                    "1/s",
                                    rates.get("floor"))
                            .against(kernel));
        }
    }

    private static double perSecond(DoubleSupplier nanos) {
        return 1e9 / nanos.getAsDouble();
    }
}
