package io.ipsecxdp.bench.guest;

import io.ipsecxdp.bench.Rounds;
import io.ipsecxdp.bench.Series;
import io.ipsecxdp.bench.jna.FreshNetwork;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.netlink.NetlinkXfrm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.DoubleSupplier;

/**
 * What is measured in the kernel that has ESP: adding, deleting, reading back and looking up many SAs, by the agent's own
 * classes, by {@code ip -batch}, and by a C program that does nothing else. Prints a {@link Series} in each line, after its
 * name.
 */
public final class SadRounds {

    private static final int BATCH = 64;

    /** SAs until the JVM has compiled what it runs often. */
    private static final int WARM_UP = 30_000;

    private static final long REST_MILLIS = 500;

    private final NetlinkXfrm xfrm = NetlinkXfrm.open();
    private final int count;
    private final CProgram program;
    private final SaList sas;
    private final Path folder;
    private final Map<String, List<Double>> deletes = new LinkedHashMap<>();

    private SadRounds(int count, CProgram program, Path folder) {
        this.count = count;
        this.program = program;
        this.folder = folder;
        this.sas = SaList.random(count);
        sas.writeTo(folder.resolve("list"));
        sas.writeAddsTo(folder.resolve("adds"));
        sas.writeDeletesTo(folder.resolve("deletes"));
    }

    /** @param arguments how many SAs, the C program, a folder for files with keys */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createTempDirectory(Path.of(arguments[2]), "sad");
        try {
            var program = new CProgram(arguments[1], folder.resolve("list"));
            var rounds = new SadRounds(Integer.parseInt(arguments[0]), program, folder);
            rounds.rates();
            rounds.freshTable();
            rounds.dumps();
        } finally {
            try (var files = Files.walk(folder)) {
                files.sorted((one, other) -> other.compareTo(one)).forEach(SadRounds::delete);
            }
        }
        System.exit(0);
    }

    /** In one namespace, whose table is large enough after the first round. */
    private void rates() {
        for (int added = 0; added < WARM_UP; added += count) {
            apply(xfrm, sas.adds());
            apply(xfrm, sas.deletes());
        }
        Map<String, DoubleSupplier> adds = new LinkedHashMap<>();
        adds.put("agent", () -> addAndDelete("agent", () -> apply(xfrm, sas.adds()), () -> apply(xfrm, sas.deletes())));
        adds.put(
                "c",
                () -> addAndDelete("c", () -> program.seconds("add", BATCH), () -> program.seconds("delete", BATCH)));
        adds.put("ip", () -> addAndDelete("ip", () -> ipBatch("adds"), () -> ipBatch("deletes")));
        print("add", Rounds.interleaved(Rounds.LEAST, adds));
        deletes.forEach(
                (who, rates) -> System.out.println(new Series(rates.subList(1, rates.size())).line("delete." + who)));
    }

    /** SAs per second into a namespace as after a boot, and what a lookup costs then. */
    private void freshTable() {
        Map<String, DoubleSupplier> lookups = new LinkedHashMap<>();
        Map<String, List<Double>> gets = new LinkedHashMap<>();
        Map<String, List<Double>> rates = new LinkedHashMap<>();
        lookups.put(
                "agent",
                () -> FreshNetwork.run(() -> {
                    try (NetlinkXfrm fresh = NetlinkXfrm.open()) {
                        return lookupAfter("agent", () -> apply(fresh, sas.adds()), gets, rates);
                    }
                }));
        lookups.put(
                "c", () -> FreshNetwork.run(() -> lookupAfter("c", () -> program.seconds("add", BATCH), gets, rates)));
        lookups.put(
                "slow",
                () -> FreshNetwork.run(() -> lookupAfter("slow", () -> program.seconds("slow-add"), gets, rates)));
        print("miss", Rounds.interleaved(Rounds.LEAST, lookups));
        gets.forEach(
                (who, values) -> System.out.println(new Series(values.subList(1, values.size())).line("get." + who)));
        rates.forEach(
                (who, values) -> System.out.println(new Series(values.subList(1, values.size())).line("fresh." + who)));
    }

    /** Nanoseconds for an SPI that is not there. */
    private double lookupAfter(
            String who, DoubleSupplier add, Map<String, List<Double>> gets, Map<String, List<Double>> rates) {
        rest();
        rates.computeIfAbsent(who, name -> new ArrayList<>()).add(count / add.getAsDouble());
        rest();
        gets.computeIfAbsent(who, name -> new ArrayList<>()).add(lookup("get"));
        double miss = lookup("miss");
        System.err.printf("after %s: %s SAs and buckets%n", who, program.text("table"));
        program.seconds("delete", BATCH);
        return miss;
    }

    /** Nanoseconds for each; the second of two times, as for adding. */
    private double lookup(String what) {
        program.seconds(what, BATCH);
        return program.seconds(what, BATCH) / count * 1e9;
    }

    /** Seconds for the whole SAD. */
    private void dumps() {
        program.seconds("add", BATCH);
        Map<String, DoubleSupplier> dumps = new LinkedHashMap<>();
        dumps.put(
                "agent", () -> seconds(() -> expectAll(xfrm.dumpSas().entries().size())));
        dumps.put("c", program::dumpSeconds);
        print("dump", Rounds.interleaved(Rounds.LEAST, dumps));
        program.seconds("delete", BATCH);
    }

    /** The second of two times: QEMU translates a program's code anew when others ran in between, or a JVM's was changed. */
    private double addAndDelete(String who, DoubleSupplier add, DoubleSupplier delete) {
        System.gc();
        add.getAsDouble();
        delete.getAsDouble();
        rest();
        double rate = count / add.getAsDouble();
        rest();
        deletes.computeIfAbsent(who, name -> new ArrayList<>()).add(count / delete.getAsDouble());
        return rate;
    }

    /**
     * Until nothing is left to do of what was measured before: the kernel destroys SAs that were deleted some time later
     * ({@code xfrm_state_gc_task} in net/xfrm/xfrm_state.c), on the CPU that everything here runs on.
     */
    private static void rest() {
        try {
            Thread.sleep(REST_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static double apply(NetlinkXfrm to, List<Change> changes) {
        var results = new AtomicReference<List<Result>>();
        double seconds = seconds(() -> results.set(to.apply(changes)));
        changes.forEach(change -> {
            if (change instanceof Change.AddSa add) {
                add.key().close();
            }
        });
        results.get().stream().filter(result -> !result.done()).findFirst().ifPresent(result -> {
            throw new IllegalStateException("the kernel refused a change: " + result.error());
        });
        return seconds;
    }

    private double ipBatch(String file) {
        return seconds(() -> CProgram.run("ip", "-batch", folder.resolve(file).toString()));
    }

    private void expectAll(int seen) {
        if (seen != count) {
            throw new IllegalStateException("%d SAs instead of %d".formatted(seen, count));
        }
    }

    private static double seconds(Runnable work) {
        long begun = System.nanoTime();
        work.run();
        return (System.nanoTime() - begun) / 1e9;
    }

    private static void print(String what, Map<String, Series> series) {
        series.forEach((who, values) -> System.out.println(values.line(what + "." + who)));
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
