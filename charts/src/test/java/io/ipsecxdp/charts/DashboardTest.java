package io.ipsecxdp.charts;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard, whose expressions Prometheus' own tool reads. */
class DashboardTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern METRIC = Pattern.compile("ipsecxdp_[a-z_]+");
    /** Of Grafana's variables this one is no part of a string, and Prometheus would not read it. */
    private static final String INTERVAL = "$__rate_interval";

    private static JsonNode dashboard() throws IOException {
        return JSON.readTree(Project.CHART.folder().resolve("dashboard.json").toFile());
    }

    private static List<JsonNode> panels() throws IOException {
        return stream(dashboard().get("panels")).toList();
    }

    private static Stream<JsonNode> stream(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static List<String> expressions() throws IOException {
        return panels().stream()
                .flatMap(panel -> stream(panel.path("targets")))
                .map(target -> target.get("expr").asText())
                .toList();
    }

    @Test
    void noTwoPanelsHaveOneIdOrOnePlace() throws IOException {
        assertThat(panels()).extracting(panel -> panel.get("id").asInt()).doesNotHaveDuplicates();
        assertThat(panels().stream().flatMap(DashboardTest::cells)).doesNotHaveDuplicates();
    }

    private static Stream<List<Integer>> cells(JsonNode panel) {
        JsonNode place = panel.get("gridPos");
        int x = place.get("x").asInt();
        int y = place.get("y").asInt();
        assertThat(x + place.get("w").asInt()).as(panel.get("title").asText()).isLessThanOrEqualTo(24);
        return IntStream.range(x, x + place.get("w").asInt())
                .boxed()
                .flatMap(column ->
                        IntStream.range(y, y + place.get("h").asInt()).mapToObj(line -> List.of(column, line)));
    }

    @Test
    void prometheusReadsEveryExpression(@TempDir Path folder) throws Exception {
        List<Map<String, String>> rules = IntStream.range(0, expressions().size())
                .mapToObj(i -> Map.of("record", "panel:" + i, "expr", expression(i)))
                .toList();
        Path file = Files.writeString(
                folder.resolve("rules.yaml"),
                Serialization.asYaml(Map.of("groups", List.of(Map.of("name", "dashboard", "rules", rules)))));

        assertThat(Promtool.run("check", "rules", file.toString())).contains("SUCCESS: " + rules.size());
        assertThat(rules).hasSizeGreaterThan(15);
    }

    private static String expression(int number) {
        try {
            return expressions().get(number).replace(INTERVAL, "5m");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void eachMetricThatThereIsHasAPanelAndNoOther() throws IOException {
        Set<String> there = new HashSet<>();
        for (String table : List.of(MetricsTable.OF_THE_OPERATOR, MetricsTable.OF_THE_AGENTS)) {
            MetricsTable.documented(Project.ROOT, table).forEach(metric -> there.add(metric.split("\\{")[0]));
        }

        assertThat(expressions().stream()
                        .flatMap(expression -> METRIC.matcher(expression).results())
                        .map(metric -> metric.group())
                        .collect(toSet()))
                .isEqualTo(there);
    }

    @Test
    void theChartHasItOnlyWhereItIsWanted() throws IOException {
        assertThat(maps(Map.of())).isEmpty();

        var map = maps(Map.of("dashboard", Map.of("enabled", true, "labels", Map.of("folder", "network"))))
                .getFirst();

        assertThat(map.getMetadata().getLabels())
                .containsEntry("grafana_dashboard", "1")
                .containsEntry("folder", "network");
        assertThat(JSON.readTree(map.getData().get("ipsec-xdp.json"))).isEqualTo(dashboard());
    }

    private static List<ConfigMap> maps(Map<String, ?> values) {
        return Project.CHART.render(values).stream()
                .filter(ConfigMap.class::isInstance)
                .map(ConfigMap.class::cast)
                .filter(map -> map.getMetadata().getName().equals("ipsec-xdp-dashboard"))
                .toList();
    }
}
