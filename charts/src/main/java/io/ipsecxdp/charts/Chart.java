package io.ipsecxdp.charts;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The Helm chart, rendered by Helm itself.
 *
 * @param folder the chart's folder, the one with Chart.yaml, or a package of it
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
        return apart((helm, scratch) -> {
            Path file = Files.writeString(scratch.resolve("values.yaml"), serialization.asYaml(values));
            String objects = helm.template()
                    .withName(RELEASE)
                    .withNamespace(RELEASE)
                    .withKubeVersion(KUBERNETES)
                    .withValuesFile(file)
                    .call();
            return Stream.of(helm.show().crds().call(), objects)
                    .flatMap(DOCUMENT_SEPARATOR::splitAsStream)
                    .filter(document -> !COMMENTS_ONLY.matcher(document).matches())
                    .map(document -> serialization.<HasMetadata>unmarshal(document))
                    .toList();
        });
    }

    /** What `helm lint --strict` says. */
    public LintResult lint() {
        return apart((helm, scratch) -> helm.lint().strict().call());
    }

    private interface Work<T> {
        T with(Helm helm, Path scratch) throws IOException;
    }

    /** On a copy without symbolic links, because Helm writes a line about each that it follows. */
    private <T> T apart(Work<T> work) {
        try {
            Path scratch = Files.createTempDirectory("chart");
            try {
                return work.with(new Helm(copy(scratch.resolve(folder.getFileName()))), scratch);
            } finally {
                delete(scratch);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path copy(Path to) throws IOException {
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(folder.relativize(file).toString()));
            }
        }
        return to;
    }

    private static void delete(Path scratch) throws IOException {
        try (Stream<Path> files = Files.walk(scratch)) {
            for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(file);
            }
        }
    }
}
