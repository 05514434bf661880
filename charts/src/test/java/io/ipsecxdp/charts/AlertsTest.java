package io.ipsecxdp.charts;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.crds.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alerts, as Prometheus' own tool reads and tries them. */
class AlertsTest {
    private static final Path ALERTS = Project.CHART.folder().resolve("alerts.yaml");
    private static final Path TESTS = Path.of("src/test/prometheus/alerts.test.yaml");
    private static final Pattern METRIC = Pattern.compile("ipsecxdp_[a-z_]+");
    private static final Pattern REASONS = Pattern.compile("reason[!=]~?\"([A-Za-z|]+)\"");
    private static final Pattern FIRING = Pattern.compile("alertname=\"(\\w+)\"");

    private record Rule(
            String alert, String expr, String duration, Map<String, String> labels, Map<String, String> annotations) {
        @SuppressWarnings("unchecked")
        static Rule of(Map<String, ?> rule) {
            return new Rule(
                    (String) rule.get("alert"),
                    (String) rule.get("expr"),
                    (String) rule.get("for"),
                    (Map<String, String>) rule.get("labels"),
                    (Map<String, String>) rule.get("annotations"));
        }
    }

    @Test
    void prometheusTakesThem() throws Exception {
        assertThat(Promtool.run("check", "rules", ALERTS.toString())).contains("SUCCESS: " + rules().size());
    }

    @Test
    void eachFiresFromItsCauseAndNoneWhereAllIsWell() throws Exception {
        Promtool.run("test", "rules", TESTS.toString());
        assertThat(matches(FIRING, Files.readString(TESTS)))
                .as("alerts that are made to fire")
                .isEqualTo(names());
    }

    @Test
    void eachHasARunbookAndEachRunbookAnAlert() throws IOException {
        try (Stream<Path> pages = Files.list(Project.ROOT.resolve("docs/runbooks"))) {
            assertThat(pages.map(page -> page.getFileName().toString().replace(".md", ""))
                            .collect(toSet()))
                    .isEqualTo(names());
        }
        assertThat(rules()).allSatisfy(rule -> {
            assertThat(rule.annotations().get("runbook_url")).isEqualTo("docs/runbooks/" + rule.alert() + ".md");
            assertThat(Files.readString(Project.ROOT.resolve(rule.annotations().get("runbook_url"))))
                    .startsWith("# " + rule.alert() + "\n");
        });
    }

    @Test
    void eachSaysWhatIsWrongAndWhatToDo() throws IOException {
        assertThat(rules()).allSatisfy(rule -> {
            assertThat(rule.annotations().get("summary")).isNotBlank();
            assertThat(rule.annotations().get("description")).isNotBlank();
            assertThat(rule.labels().get("severity")).isIn("warning", "critical");
        });
        String operations = Files.readString(Project.ROOT.resolve("docs/operations.md"));
        assertThat(names()).allSatisfy(name -> assertThat(operations).contains("(runbooks/" + name + ".md)"));
    }

    /** {@code MetricsTableTest} of agent and operator hold the table to what they export. */
    @Test
    void eachUsesMetricsThatThereAre() throws IOException {
        Set<String> there = new HashSet<>();
        for (String table : List.of(MetricsTable.OF_THE_OPERATOR, MetricsTable.OF_THE_AGENTS)) {
            MetricsTable.documented(Project.ROOT, table).forEach(metric -> there.add(metric.split("\\{")[0]));
        }
        assertThat(there).isNotEmpty();
        assertThat(rules())
                .allSatisfy(rule -> assertThat(METRIC.matcher(rule.expr()).results())
                        .isNotEmpty()
                        .allMatch(metric -> there.contains(metric.group())));
    }

    @Test
    void eachReasonInThemIsOne() throws IOException {
        assertThat(rules().stream()
                        .flatMap(rule -> matches(REASONS, rule.expr()).stream())
                        .flatMap(reasons -> Arrays.stream(reasons.split("\\|")))
                        .map(Reason::valueOf))
                .isNotEmpty();
    }

    @Test
    void theChartHasThemOnlyWhereTheyAreWanted(@TempDir Path folder) throws Exception {
        assertThat(alertsOf(Map.of())).isEmpty();

        var rule = alertsOf(Map.of(
                        "enabled", true, "labels", Map.of("release", "prom"), "runbooks", "https://docs.example/v1/"))
                .getFirst();

        assertThat(rule.getApiVersion()).isEqualTo("monitoring.coreos.com/v1");
        assertThat(rule.getMetadata().getLabels()).containsEntry("release", "prom");
        Path spec = Files.writeString(
                folder.resolve("spec.yaml"),
                Serialization.asYaml(rule.getAdditionalProperties().get("spec")));
        assertThat(Promtool.run("check", "rules", spec.toString())).contains("SUCCESS: " + rules().size());
        assertThat(rules(spec))
                .allSatisfy(one -> assertThat(one.annotations())
                        .containsEntry("runbook_url", "https://docs.example/v1/docs/runbooks/" + one.alert() + ".md"));
    }

    private static List<GenericKubernetesResource> alertsOf(Map<String, ?> alerts) {
        return Project.CHART.render(Map.of("alerts", alerts)).stream()
                .filter(object -> object.getKind().equals("PrometheusRule"))
                .map(GenericKubernetesResource.class::cast)
                .toList();
    }

    private static Set<String> names() throws IOException {
        return rules().stream().map(Rule::alert).collect(toSet());
    }

    private static List<Rule> rules() throws IOException {
        return rules(ALERTS);
    }

    @SuppressWarnings("unchecked")
    private static List<Rule> rules(Path file) throws IOException {
        var groups = (List<Map<String, ?>>)
                Serialization.unmarshal(Files.readString(file), Map.class).get("groups");
        return groups.stream()
                .flatMap(group -> ((List<Map<String, ?>>) group.get("rules")).stream())
                .map(Rule::of)
                .toList();
    }

    private static Set<String> matches(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(found -> found.group(1)).collect(toSet());
    }
}
