package io.ipsecxdp.bench;

import io.ipsecxdp.bench.guest.WorkRounds;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What it costs the agent to look after what it installed. */
final class Resync implements Measurement {
    private static final int FEW = 100;
    private static final int MANY = 10_000;
    private static final int POLICIES = 64;
    private static final double MILLIS = 1e3;

    @Override
    public String id() {
        return "resync";
    }

    @Override
    public String what() {
        return "a resync of SAs that did not change, beside a bare dump by a C program, and the repair of what somebody deleted or flushed";
    }

    @Override
    public List<Figure> measure(Labs labs) {
        try (var lab = labs.kernelAlone()) {
            var kernel = new InKernel(labs.project(), lab.kernel());
            return Stream.concat(
                            repairs(FEW, measured(kernel, FEW)).stream(), all(MANY, measured(kernel, MANY)).stream())
                    .map(figure -> figure.on(lab.kernel().machine()))
                    .toList();
        }
    }

    private static Map<String, Series> measured(InKernel kernel, int sas) {
        return kernel.run(
                WorkRounds.class, Integer.toString(sas), Integer.toString(POLICIES), InKernel.C_PROGRAM, "/var/tmp");
    }

    private static List<Figure> all(int sas, Map<String, Series> seconds) {
        Series resync = millis(seconds.get("resync"));
        return Stream.concat(
                        Stream.of(
                                Figure.median(
                                                "resync-" + sas,
                                                "resync of %d unchanged SAs and %d policies, which writes nothing; baseline: a bare dump of the SAs by a C program"
                                                        .formatted(sas, POLICIES),
                                                "ms",
                                                resync)
                                        .against(millis(seconds.get("dump")).median())
                                        .aiming(Goal.ratioAtMost(3)),
                                Figure.median(
                                                "repair-flush-" + sas,
                                                "from the notification of a flush of %d inbound SAs until the one that the last was added again, keys at hand"
                                                        .formatted(sas),
                                                "ms",
                                                millis(seconds.get("flush")))
                                        .aiming(Goal.valueAtMost(5_000)),
                                Figure.median(
                                        "repair-flush-settled-" + sas,
                                        "the same, until all are read back and written down",
                                        "ms",
                                        millis(seconds.get("flush-settled"))),
                                Figure.median(
                                        "install-" + sas,
                                        "the first installation of %d SAs and %d policies, keys at hand, the JVM cold"
                                                .formatted(sas, POLICIES),
                                        "ms",
                                        millis(seconds.get("install")))),
                        repairs(sas, seconds).stream())
                .toList();
    }

    private static List<Figure> repairs(int sas, Map<String, Series> seconds) {
        return List.of(repair("sa", "an inbound SA", sas, seconds), repair("policy", "a policy", sas, seconds));
    }

    private static Figure repair(String what, String whose, int sas, Map<String, Series> seconds) {
        return Figure.median(
                        "repair-%s-of-%d".formatted(what, sas),
                        "from the notification that %s of %d SAs and %d policies was deleted until the one that it was added again, key at hand"
                                .formatted(whose, sas, POLICIES),
                        "ms",
                        millis(seconds.get(what)))
                .aiming(Goal.valueAtMost(20));
    }

    private static Series millis(Series seconds) {
        return new Series(seconds.rounds().stream().map(value -> value * MILLIS).toList());
    }
}
