package io.ipsecxdp.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The tables of specs that are refused or accepted: lines of cells, under headings that name the good object to change. */
final class SpecTable {
    private static final String SA = """
            apiVersion: ipsec-xdp.io/v1alpha1
            kind: SecurityAssociation
            metadata: {name: refused}
            spec:
              source: {node: n1}
              destination: {node: n2}
              spi: 4096
              encryption: {keySecretRef: {name: a, key: keymat}}
            """;
    private static final String POLICY = """
            apiVersion: ipsec-xdp.io/v1alpha1
            kind: SecurityPolicy
            metadata: {name: refused}
            spec:
              source: {node: n1}
              destination: {node: n2}
              selector: {source: 10.30.1.0/24, destination: 10.30.2.0/24}
            """;
    private static final String STEERING = """
            apiVersion: ipsec-xdp.io/v1alpha1
            kind: SteeringPolicy
            metadata: {name: refused}
            spec: {interfaces: [eth9]}
            """;

    private static final String TUNNEL = """
            apiVersion: ipsec-xdp.io/v1alpha1
            kind: Tunnel
            metadata: {name: refused}
            spec:
              ends: [{nodeSelector: {}}]
              traffic: {pods: {}}
            """;

    /** The good object of each heading. */
    static final Map<String, String> GOOD =
            Map.of("SecurityAssociation", SA, "SecurityPolicy", POLICY, "SteeringPolicy", STEERING, "Tunnel", TUNNEL);

    private SpecTable() {}

    /**
     * @param living the good object is there already, and is changed
     * @param sentence what the API server must say; empty if it must take the object
     */
    record Row(String kind, boolean living, String what, String change, Optional<String> sentence) {
        String good() {
            return GOOD.get(kind);
        }

        GenericKubernetesResource changed() {
            ObjectNode object = tree(good());
            merge((ObjectNode) object.get("spec"), tree(change));
            return Serialization.unmarshal(object.toString(), GenericKubernetesResource.class);
        }

        /** What begins with a brace would be read as JSON, which wants quotes. */
        private static ObjectNode tree(String yaml) {
            return Serialization.unmarshal("---\n" + yaml, ObjectNode.class);
        }

        @Override
        public String toString() {
            return "%s%s: %s".formatted(kind, living ? ", living" : "", what);
        }
    }

    static Stream<Row> rows(String resource) {
        var rows = new ArrayList<Row>();
        String[] heading = {};
        for (String line : lines(resource)) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            if (line.startsWith("[")) {
                heading = line.substring(1, line.indexOf(']')).split(", ");
                continue;
            }
            String[] cells = line.split("\\|", -1);
            rows.add(new Row(
                    heading[0],
                    heading.length > 1,
                    cells[0].strip(),
                    cells[1].strip(),
                    cells.length > 2 ? Optional.of(cells[2].strip()) : Optional.empty()));
        }
        return rows.stream();
    }

    private static List<String> lines(String resource) {
        try (var in = SpecTable.class.getResourceAsStream("/" + resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** RFC 7386. */
    private static void merge(ObjectNode target, JsonNode patch) {
        patch.properties().forEach(field -> {
            if (field.getValue().isNull()) {
                target.remove(field.getKey());
            } else if (field.getValue().isObject()) {
                JsonNode present = target.get(field.getKey());
                ObjectNode object = present instanceof ObjectNode there ? there : target.putObject(field.getKey());
                merge(object, field.getValue());
            } else {
                target.set(field.getKey(), field.getValue());
            }
        });
    }
}
