package io.ipsecxdp.bench;

import io.ipsecxdp.bench.guest.SadRounds;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** P5: how fast SAs are added and deleted, and what a lookup costs afterwards. */
final class SadSpeed implements Measurement {
    private static final List<Integer> COUNTS = List.of(2_000, 10_000);

    @Override
    public String id() {
        return "P5";
    }

    @Override
    public String what() {
        return "adding, deleting and reading back SAs, beside a C program with 64 requests in each sendmsg and beside ip -batch, and lookups afterwards";
    }

    @Override
    public String method() {
        return """
                Everything is pinned to one CPU. Of two turns the second counts, because QEMU translates the kernel's code anew for whoever runs it first,
                and everything rests for half a second between two parts, because the kernel destroys deleted SAs only after an RCU grace period and on the
                same CPU (`xfrm_state_gc_task`). Deleting 2,000 SAs takes 35 ms, and rounds differ by more than half of their median: between runs, the
                ratio of adding differs by 0.2 and that of deleting by 0.5.

                - **Acknowledgements cost more than requests.** The agent sends 64 requests in one `sendmsg` and asks for an acknowledgement of the last
                  one only: the kernel reports each refused request anyway, and the socket reports lost answers.
                - **The SA hash table does not grow while nobody inserts.** Only an insertion schedules the work item that doubles it, and that waits for an
                  RCU grace period (`xfrm_hash_grow_check`, `xfrm_hash_resize` in net/xfrm/xfrm_state.c). So the agent asks for the size of the SAD
                  (`XFRM_MSG_GETSADINFO`) before a datagram that could outgrow the table, and waits until it has doubled (`TableGrowth`; `TableGrowthIT`
                  fails without). The lookups show the result. In an emulated guest the table keeps up by itself.
                - **The agent's JVM stops at C1.** There a lambda that captures something, a record's own `hashCode` and a method handle cost several times
                  what C2 makes of them. The code is written for its reader all the same.
                """;
    }

    @Override
    public List<Figure> measure(Labs labs) {
        try (var lab = labs.kernelAlone()) {
            var kernel = new InKernel(labs.project(), lab.kernel());
            return COUNTS.stream()
                    .flatMap(count -> figures(
                            count,
                            kernel.runOnOneCpu(SadRounds.class, Integer.toString(count), InKernel.C_PROGRAM, "/run")))
                    .map(figure -> figure.on(lab.kernel().machine()))
                    .toList();
        }
    }

    private static Stream<Figure> figures(int count, Map<String, Series> measured) {
        return Stream.of(
                rate("add", count, measured, "c", "a C program").aiming(Goal.ratioAtLeast(0.6)),
                rate("add", count, measured, "ip", "ip -batch"),
                rate("delete", count, measured, "c", "a C program").aiming(Goal.ratioAtLeast(0.6)),
                rate("delete", count, measured, "ip", "ip -batch"),
                rate("fresh", count, measured, "c", "a C program, which leaves the table as it is"),
                lookup("miss", "an SPI that is not there", count, measured),
                lookup("get", "an SA", count, measured),
                Figure.median(
                                "P5-lookup-miss-after-c-" + count,
                                "for comparison: asking the SAD of %d SAs for an SPI that is not there, after the C program added them; baseline: after a slow add"
                                        .formatted(count),
                                "ns",
                                measured.get("miss.c"))
                        .against(measured.get("miss.slow").median()));
    }

    private static Figure rate(String what, int count, Map<String, Series> measured, String beside, String besideWhat) {
        String verb = switch (what) {
            case "add" -> "added by the agent's classes";
            case "delete" -> "deleted by the agent's classes";
            default -> "added by the agent's classes as the first of a namespace, with the hash table growing along";
        };
        return Figure.median(
                        "P5-%s-%d-%s".formatted(what, count, beside),
                        "SAs %s, %d of them; baseline: %s".formatted(verb, count, besideWhat),
                        "1/s",
                        measured.get(what + ".agent"))
                .against(measured.get(what + "." + beside).median());
    }

    private static Figure lookup(String what, String whom, int count, Map<String, Series> measured) {
        return Figure.median(
                        "P5-lookup-%s-%d".formatted(what, count),
                        "asking the SAD of %d SAs for %s, after the agent's classes added them to an empty one; baseline: after a slow add"
                                .formatted(count, whom),
                        "ns",
                        measured.get(what + ".agent"))
                .against(measured.get(what + ".slow").median())
                .aiming(Goal.ratioAtMost(1.1));
    }
}
