package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.KernelChoice;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/** How fast packets are dropped whose SPI no SA has, beside the kernel alone that refuses them. */
final class UnknownSpiDrops implements Measurement {
    private static final int PASS = 0;
    private static final int DROP = 2;
    private static final int SAS = 1_000;

    @Override
    public String id() {
        return "P3";
    }

    @Override
    public String what() {
        return "packets per second of an unknown SPI that are dropped, beside those that the kernel alone refuses";
    }

    @Override
    public String method() {
        return """
                Each frame has an SPI that no SA has. The rates include what it takes to make the frames. In the guest the kernel has ESP and refuses a
                frame for want of an SA (`XfrmInNoStates`); a kernel without ESP refuses it as an unknown protocol.

                No program that looks up the SPI can reach the goal: parsing and one search alone come to five or six times the kernel's rate, and only a
                program that drops every frame unread reaches ten.
                """;
    }

    @Override
    public List<Figure> measure(Labs labs) {
        List<Figure> figures = new ArrayList<>();
        try (var lab = labs.kernelAlone();
                var parts = SteerParts.in(lab.kernel(), labs.project(), SAS)) {
            figures.addAll(drops(parts, SteerParts.Want.SA).stream()
                    .map(figure -> figure.on(lab.kernel().machine()))
                    .toList());
        }
        if (KernelChoice.best(labs.project()).kernel() == KernelChoice.HOST) {
            return figures;
        }
        try (var parts = SteerParts.with(labs.project(), SAS)) {
            figures.addAll(drops(parts, SteerParts.Want.PROTOCOL));
        }
        return figures;
    }

    private static List<Figure> drops(SteerParts parts, SteerParts.Want want) {
        Map<String, DoubleSupplier> subjects = new LinkedHashMap<>();
        subjects.put("kernel", () -> perSecond(parts.live("same_pass_alone")));
        subjects.put("floor", () -> perSecond(parts.live("same_drop_alone")));
        subjects.put("search", () -> perSecond(parts.live("same_kfunc")));
        subjects.put("drop", () -> {
            parts.unknownSpi(DROP);
            double rate = perSecond(parts.live("same_steer_frame"));
            parts.unknownSpi(PASS);
            return rate;
        });
        double before = parts.refused(want);
        var rates = Rounds.interleaved(Rounds.LEAST, subjects);
        if (parts.refused(want) <= before) {
            throw new IllegalStateException("the kernel did not refuse the frames that were passed to it");
        }
        String id = "P3-%s-".formatted(want == SteerParts.Want.SA ? "esp" : "no-esp");
        String baseline = "; baseline: refused by the kernel alone, "
                + (want == SteerParts.Want.SA
                        ? "which looks for the SA"
                        : "which has no ESP and so refuses the protocol without looking for an SA")
                + "; both with what it takes to make the frame";
        double kernel = rates.get("kernel").median();
        return List.of(
                rate(id + "drop", "dropped by the program", baseline, rates.get("drop"))
                        .against(kernel)
                        .aiming(Goal.ratioAtLeast(10)),
                rate(
                                id + "search",
                                "dropped after parsing and a search in the kernel's SAD, without which no program can know",
                                baseline,
                                rates.get("search"))
                        .against(kernel),
                rate(
                                id + "floor",
                                "dropped by a program that does nothing else: the most that this way of measuring can show",
                                baseline,
                                rates.get("floor"))
                        .against(kernel));
    }

    private static Figure rate(String id, String what, String baseline, Series rates) {
        return Figure.median(id, "packets of an unknown SPI " + what + baseline, "1/s", rates);
    }

    private static double perSecond(DoubleSupplier nanos) {
        return 1e9 / nanos.getAsDouble();
    }
}
