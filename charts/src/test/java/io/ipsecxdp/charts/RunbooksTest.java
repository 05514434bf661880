package io.ipsecxdp.charts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the runbooks tell people to look at. */
class RunbooksTest {
    private static final Pattern LOOK = Pattern.compile("(?m)^kubectl get (\\S+).*$");
    private static final Pattern FIELD = Pattern.compile("\\.((?:spec|status)(?:\\.[A-Za-z]+)*)");
    private static final Map<String, JSONSchemaProps> KINDS = kinds();

    static List<Path> runbooks() throws IOException {
        try (Stream<Path> pages = Files.list(Project.ROOT.resolve("docs/runbooks"))) {
            return pages.toList();
        }
    }

    @ParameterizedTest
    @MethodSource("runbooks")
    void theFieldsThatOneLooksAtAreThere(Path runbook) throws IOException {
        LOOK.matcher(Files.readString(runbook))
                .results()
                .filter(look -> KINDS.containsKey(look.group(1)))
                .forEach(look -> assertThat(FIELD.matcher(look.group()).results())
                        .as(look.group())
                        .allMatch(field ->
                                isIn(KINDS.get(look.group(1)), field.group(1).split("\\."))));
    }

    private static boolean isIn(JSONSchemaProps schema, String[] path) {
        return path.length == 0
                || Optional.ofNullable(schema.getProperties())
                        .map(properties -> properties.get(path[0]))
                        .filter(property -> isIn(property, Arrays.copyOfRange(path, 1, path.length)))
                        .isPresent();
    }

    /** The schemas by what kubectl calls the kinds. */
    private static Map<String, JSONSchemaProps> kinds() {
        var kinds = new HashMap<String, JSONSchemaProps>();
        Project.CHART.render(Map.of()).stream()
                .filter(CustomResourceDefinition.class::isInstance)
                .map(CustomResourceDefinition.class::cast)
                .forEach(crd -> {
                    var names = crd.getSpec().getNames();
                    var schema =
                            crd.getSpec().getVersions().getFirst().getSchema().getOpenAPIV3Schema();
                    kinds.put(names.getPlural(), schema);
                    names.getShortNames().forEach(name -> kinds.put(name, schema));
                });
        return kinds;
    }
}
