package io.ipsecxdp.charts;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The Helm chart, rendered by Helm itself.
 *
 * @param folder the chart's folder, the one with Chart.yaml
 */
public record Chart(Path folder) {
    /** Name of the release, and the namespace it is rendered for. */
    public static final String RELEASE = "ipsec-xdp";

    /** The oldest Kubernetes that the chart allows; Helm's own guess, without a cluster, is older. */
    private static final String KUBERNETES = "1.32.0";

    private static final Pattern DOCUMENT_SEPARATOR = Pattern.compile("(?m)^---\\s*$");
    private static final Pattern COMMENTS_ONLY = Pattern.compile("(?:\\s++|#.*+)*+");

    /** The chart of the project whose root folder is given. */
    public static Chart ofProject(Path root) {
        return new Chart(root.resolve("charts/ipsec-xdp-operator"));
    }

    /**
     * What `helm install` would create, CRDs first.
     *
     * @param values what to change of the chart's values.yaml; may be empty
     * @throws IllegalStateException with Helm's words, if the chart or the values are wrong
     */
    public List<HasMetadata> render(Map<String, ?> values) {
        var serialization = new KubernetesSerialization();
        return Stream.of(new Helm(folder).show().crds().call(), template(values))
                .flatMap(DOCUMENT_SEPARATOR::splitAsStream)
                .filter(document -> !COMMENTS_ONLY.matcher(document).matches())
                .map(document -> serialization.<HasMetadata>unmarshal(document))
                .toList();
    }

    /** What `helm lint --strict` says. */
    public LintResult lint() {
        return new Helm(folder).lint().strict().call();
    }

    private String template(Map<String, ?> values) {
        try {
            Path file = Files.createTempFile("values", ".yaml");
            try {
                Files.writeString(file, new KubernetesSerialization().asYaml(values));
                return new Helm(folder)
                        .template()
                        .withName(RELEASE)
                        .withNamespace(RELEASE)
                        .withKubeVersion(KUBERNETES)
                        .withValuesFile(file)
                        .call();
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
