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
    public String method() {
        return """
                The state folder is on the guest's disk, keys are at hand, and there are 64 policies. A repair is timed from the kernel's notification that
                an SA or a policy was deleted to its notification that it was added again; a flush, to the notification for the last SA
                of those that have no replay window for it, as others do not come back ([0032](decisions/0032-replay-state.md)).

                - A repair asks the kernel about the affected entries only ([0021](decisions/0021-a-repair-asks-for-what-is-concerned.md)), and writes its
                  line to the log afterwards: in the guest one line takes about 10 ms.
                - Most of what a dump shows of an SA are the bits of its replay window, 512 bytes for 4,096 packets. A resync leaves them out of the digest
                  by which it recognises an unchanged SA.
                - The repair of a flush has no slow part: keys and their fingerprints take about a quarter of it, the journal before the kernel is asked an
                  eighth, netlink an eighth, decisions less (by hand). The keys of one Secret are read with one request.
                """;
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
