package io.ipsecxdp.charts;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The schema of the chart's values, values.yaml, and the table of the chart's README, which is made of them. */
class ValuesTableTest {
    private static final Path README = Project.CHART.folder().resolve("README.md");
    private static final String HEADING = "\n## Values\n\n";
    private static final Map<String, ?> SCHEMA = read("values.schema.json");

    /**
     * A value of values.yaml.
     *
     * @param name with dots
     * @param schema that describes it
     */
    private record Value(String name, Map<String, ?> schema, Object preset) {
        Stream<Value> andParts() {
            return Stream.concat(Stream.of(this), parts().flatMap(Value::andParts));
        }

        Stream<Value> parts() {
            return properties()
                    .map(properties -> properties.entrySet().stream()
                            .map(property -> new Value(
                                    name.isEmpty() ? property.getKey() : name + "." + property.getKey(),
                                    map(property.getValue()),
                                    map(preset).get(property.getKey()))))
                    .orElse(Stream.empty());
        }

        boolean hasParts() {
            return properties().isPresent();
        }

        Object description() {
            return schema.get("description");
        }

        /** Its own, or those of the definition that stands beside its description. */
        private Optional<Map<String, ?>> properties() {
            Map<String, ?> described = schema.containsKey("allOf")
                    ? map(map(SCHEMA.get("definitions")).get("image"))
                    : schema;
            return Optional.ofNullable(described.get("properties")).map(ValuesTableTest::map);
        }
    }

    @Test
    void everyValueIsDescribedAndIsOneOfTheChart() {
        assertThat(values()).hasSizeGreaterThan(40).allSatisfy(value -> {
            assertThat(value.description()).as(value.name()).isInstanceOf(String.class);
            assertThat((String) value.description()).endsWith(".");
        });
        assertThat(values())
                .filteredOn(value -> value.preset() == null)
                .extracting(Value::name)
                .as("values without a default")
                .containsExactly("global");
    }

    @Test
    void theReadmeHasThemAll() throws IOException {
        String table = "| Value | Default | Meaning |\n| --- | --- | --- |\n"
                + values().filter(value -> !value.hasParts() && !value.name().equals("global"))
                        .map(value -> "| `%s` | `%s` | %s |\n"
                                .formatted(value.name(), json(value.preset()), value.description()))
                        .collect(joining());
        String text = Files.readString(README);
        String before = text.substring(0, text.indexOf(HEADING) + HEADING.length());
        if (Boolean.getBoolean("values.write")) {
            Files.writeString(README, before + table);
        }
        assertThat(README)
                .as("write it with -Dtest=ValuesTableTest -Dvalues.write=true")
                .hasContent(before + table);
    }

    private static Stream<Value> values() {
        return new Value("", SCHEMA, read("values.yaml")).andParts().skip(1);
    }

    private static Map<String, ?> read(String file) {
        try {
            return map(Serialization.unmarshal(
                    Files.readString(Project.CHART.folder().resolve(file)), Map.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String json(Object value) {
        try {
            return new ObjectMapper().writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, ?> map(Object value) {
        return (Map<String, ?>) value;
    }
}
