package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.ipsecxdp.charts.Chart;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The chart, rendered in a process of its own: the Go runtime of Helm's library takes SIGINT and SIGTERM away from the
 * JVM that loads it, which then could not clean up when it is interrupted.
 */
final class ChartRendering {
    private static final String SEPARATOR = "---\n";

    private ChartRendering() {}

    /** What `helm install` would create, with the chart's own values. */
    static List<HasMetadata> of(Project project) {
        String yaml = Command.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ChartRendering.class.getName(),
                        project.root().toString())
                .output();
        var serialization = new KubernetesSerialization();
        return Pattern.compile(SEPARATOR)
                .splitAsStream(yaml)
                .filter(document -> !document.isBlank())
                .map(document -> serialization.<HasMetadata>unmarshal(document))
                .toList();
    }

    /** @param arguments the root folder of the project */
    public static void main(String[] arguments) {
        var serialization = new KubernetesSerialization();
        Chart.ofProject(Path.of(arguments[0])).render(Map.of()).forEach(object -> {
            String document = serialization.asYaml(object);
            System.out.print(document.startsWith(SEPARATOR) ? document : SEPARATOR + document);
        });
    }
}
