package io.ipsecxdp.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/** What the XDP program costs per packet, part by part, and by how many SAs the node has. */
final class SteeringCost implements Measurement {
    private static final List<Integer> SAS = List.of(10, 1_000, 10_000, 100_000);

    private static final Map<String, String> PARTS = parts();

    private static Map<String, String> parts() {
        Map<String, String> parts = new LinkedHashMap<>();
        parts.put("pass_alone", "nothing but XDP_PASS");
        parts.put("parse", "parsing");
        parts.put("map", "parsing and a lookup in a BPF hash map of as many entries");
        parts.put("kfunc", "parsing and a search in the kernel's SAD");
        parts.put("recall", "parsing and asking the SA that was found before");
        parts.put("blind", "parsing, a redirect and a count, whatever the SA");
        parts.put("steer_frame", "the whole program");
        return parts;
    }

    @Override
    public String id() {
        return "P1";
    }

    @Override
    public String what() {
        return "nanoseconds per packet of the XDP program and its parts, beside parsing alone and beside a BPF hash map";
    }

    @Override
    public String method() {
        return """
                The program runs attached to an idle interface, and CPU time per packet is what counts. About 25 ns of each number are the harness
                (decision [0011](decisions/0011-ask-the-sa-that-was-found-before.md) has the parts). The program does the same work however many SAs the
                node has, so the rows for an SA that is always the same differ only by what runs differ by: whole runs lie between 1.55 and 2.11 times
                parsing. A redirect and a count alone, without any SA, take 1.2 to 1.5 times as long as parsing.

                A random SA of 10,000 costs more than an entry of a BPF hash map: the SA is read in four cache lines and the entry in two, so that the map
                still fits a cache that the SAs do not fit. At 100,000 neither fits.
                """;
    }

    @Override
    public List<Figure> measure(Labs labs) {
        labs.quiet();
        List<Figure> figures = new ArrayList<>();
        for (int sas : SAS) {
            try (var parts = SteerParts.with(labs.project(), sas)) {
                figures.addAll(hits(parts, sas));
            }
        }
        try (var parts = SteerParts.with(labs.project(), 1_000)) {
            figures.addAll(misses(parts));
            figures.addAll(contended(parts));
        }
        return figures;
    }

    private static List<Figure> hits(SteerParts parts, int sas) {
        Map<String, DoubleSupplier> subjects = new LinkedHashMap<>();
        PARTS.keySet().forEach(part -> {
            subjects.put("same_" + part, parts.run("same_" + part));
            subjects.put("random_" + part, parts.run("random_" + part));
        });
        var ns = Rounds.interleaved(Rounds.LEAST, subjects);
        List<Figure> figures = new ArrayList<>();
        PARTS.forEach((part, what) -> {
            var same = Figure.median(
                            "P1-same-%s-%d".formatted(part, sas),
                            "%s, one of %d SAs, always the same; baseline: parsing alone".formatted(what, sas),
                            "ns",
                            ns.get("same_" + part))
                    .against(ns.get("same_parse").median());
            var random = Figure.median(
                            "P1-random-%s-%d".formatted(part, sas),
                            "%s, one of %d SAs, another each time; baseline: a BPF hash map".formatted(what, sas),
                            "ns",
                            ns.get("random_" + part))
                    .against(ns.get("random_map").median());
            boolean whole = part.equals("steer_frame");
            figures.add(whole ? same.aiming(Goal.ratioAtMost(2.0)) : same);
            figures.add(whole && sas == 100_000 ? random.aiming(Goal.ratioAtMost(1.2)) : random);
        });
        return figures;
    }

    private static List<Figure> misses(SteerParts parts) {
        Map<String, DoubleSupplier> subjects = new LinkedHashMap<>();
        subjects.put("kfunc", parts.miss("same_kfunc"));
        subjects.put("whole", parts.miss("same_steer_frame"));
        var ns = Rounds.interleaved(Rounds.LEAST, subjects);
        return List.of(
                Figure.median(
                        "P1-miss-kfunc",
                        "parsing and a search for an SPI that no SA of 1000 has",
                        "ns",
                        ns.get("kfunc")),
                Figure.median(
                                "P1-miss-whole",
                                "the whole program on such a packet, passed; baseline: the search alone",
                                "ns",
                                ns.get("whole"))
                        .against(ns.get("kfunc").median()));
    }

    /** A reference is counted in a cache line that the CPU which decrypts writes for each packet. */
    private static List<Figure> contended(SteerParts parts) {
        Map<String, DoubleSupplier> subjects = new LinkedHashMap<>();
        for (var part : List.of("parse", "kfunc", "recall", "steer_frame")) {
            subjects.put(part, parts.run("same_" + part));
        }
        parts.contend(true);
        try {
            var ns = Rounds.interleaved(Rounds.LEAST, subjects);
            return ns.entrySet().stream()
                    .map(part -> Figure.median(
                                    "P1-contended-" + part.getKey(),
                                    "%s, while another CPU takes and drops references on the same SA; baseline: parsing alone"
                                            .formatted(PARTS.get(part.getKey())),
                                    "ns",
                                    part.getValue())
                            .against(ns.get("parse").median()))
                    .toList();
        } finally {
            parts.contend(false);
        }
    }
}
