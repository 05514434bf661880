package io.ipsecxdp.charts;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Prometheus' own tool: the one that {@code lab/promtool} finds. */
final class Promtool {
    private Promtool() {}

    /** Its output; it fails where the tool does. */
    static String run(String... arguments) throws Exception {
        String tool = Command.run(
                Map.of(), List.of(Project.ROOT.resolve("lab/promtool").toString()));
        return Command.run(
                Map.of(),
                Stream.concat(Stream.of(tool.strip()), Arrays.stream(arguments)).toList());
    }
}
