package io.ipsecxdp.crds;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** A set of CPUs in the notation of cpuset(7), "List format": numbers and ranges, {@code 0-3,8}. */
public record CpuList(SortedSet<Integer> cpus) {
    /** For the API server to check. */
    static final String PATTERN = "^[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*$";

    /** And of a list of that pattern: no range runs backwards, and no CPU is above the highest. */
    static final String IN_ORDER =
            ".split(',').all(p, int(p.split('-')[0]) <= int(p.split('-')[p.contains('-') ? 1 : 0]) && int(p.split('-')[p.contains('-') ? 1 : 0]) <= 65535)";

    private static final int MAX_CPU = 65535;

    public CpuList {
        cpus = Collections.unmodifiableSortedSet(new TreeSet<>(cpus));
    }

    public static CpuList of(Collection<Integer> cpus) {
        return new CpuList(new TreeSet<>(cpus));
    }

    /**
     * Reads a list.
     *
     * @throws IllegalArgumentException with a sentence for the user, if {@code text} is not a list of CPUs
     */
    public static CpuList parse(String text) {
        var cpus = new TreeSet<Integer>();
        if (text.isBlank()) {
            return new CpuList(cpus);
        }
        for (String part : text.strip().split(",", -1)) {
            String[] bounds = part.split("-", 2);
            int first = cpu(bounds[0], text);
            int last = bounds.length == 1 ? first : cpu(bounds[1], text);
            if (last < first) {
                throw new IllegalArgumentException("the range %s in the CPU list %s runs backwards: write %d-%d"
                        .formatted(part, text, last, first));
            }
            for (int cpu = first; cpu <= last; cpu++) {
                cpus.add(cpu);
            }
        }
        return new CpuList(cpus);
    }

    private static int cpu(String text, String list) {
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > MAX_CPU) {
            throw new IllegalArgumentException(
                    "%s is not a CPU list: write numbers and ranges, for instance 0-3,8".formatted(list));
        }
        return Integer.parseInt(text);
    }

    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        int first = -1;
        int last = -1;
        for (int cpu : cpus) {
            if (first >= 0 && cpu == last + 1) {
                last = cpu;
                continue;
            }
            if (first >= 0) {
                parts.add(range(first, last));
            }
            first = cpu;
            last = cpu;
        }
        if (first >= 0) {
            parts.add(range(first, last));
        }
        return String.join(",", parts);
    }

    private static String range(int first, int last) {
        return first == last ? Integer.toString(first) : first + "-" + last;
    }
}
