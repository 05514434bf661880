package io.ipsecxdp.charts;

import static java.util.stream.Collectors.toSet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;

/** The tables of metrics in docs/operations.md, for tests that hold them to what is exported. A metric is {@code name{label,label}}. */
public final class MetricsTable {
    public static final String OF_THE_OPERATOR = "\n### Metrics of the operator\n";
    public static final String OF_THE_AGENTS = "\n### Metrics of the agents\n";

    private static final Pattern ROW = Pattern.compile("(?m)^\\| `(ipsecxdp_[a-z_]+(?:\\{[a-z,]+})?)` \\|");
    private static final Pattern SERIES = Pattern.compile("(?m)^(ipsecxdp_[a-z_]+(?:\\{.*})?) [0-9.E]+$");
    private static final Pattern VALUE_OF_A_LABEL = Pattern.compile("=\"[^\"]*\"");

    private MetricsTable() {}

    /**
     * What the page says that there is.
     *
     * @param project root folder of the project
     * @param heading of the table
     */
    public static Set<String> documented(Path project, String heading) throws IOException {
        String page = Files.readString(project.resolve("docs/operations.md"));
        String section = page.split(heading, 2)[1].split("\n##", 2)[0];
        return ROW.matcher(section).results().map(row -> row.group(1)).collect(toSet());
    }

    /** What there is of ours in an answer to Prometheus. */
    public static Set<String> exported(String answer) {
        return SERIES.matcher(answer)
                .results()
                .map(series ->
                        VALUE_OF_A_LABEL.matcher(series.group(1)).replaceAll("").replace(",}", "}"))
                .collect(toSet());
    }
}
