package io.ipsecxdp.crds;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed CRDs are those that the types make. {@code make crds} writes them ({@code -Dcrds.write=true}). */
class CrdsAreCurrentTest {
    private static final Path COMMITTED = Path.of("").toAbsolutePath();

    @TempDir
    Path scratch;

    @Test
    void theCommittedCrdsAreGeneratedFromTheTypes() throws IOException {
        var generated = CrdGenerator.generate(scratch);
        if (Boolean.getBoolean("crds.write")) {
            for (var file : generated.entrySet()) {
                Files.writeString(COMMITTED.resolve(file.getKey()), file.getValue());
            }
        }
        assertThat(committed())
                .as("crds/*.yaml differ from the types: run `make crds` and commit what it writes")
                .isEqualTo(generated);
    }

    @Test
    void everyFieldThatUsersAndAgentsWriteIsDescribed() {
        var undescribed = new ArrayList<String>();
        CrdGenerator.generate(scratch).forEach((name, yaml) -> {
            var crd = Serialization.unmarshal(yaml, CustomResourceDefinition.class);
            var schema = crd.getSpec().getVersions().getFirst().getSchema().getOpenAPIV3Schema();
            for (String part : List.of("spec", "status")) {
                var properties = schema.getProperties().get(part);
                if (properties != null && properties.getProperties() != null) {
                    collectUndescribed(properties, name + ":" + part, undescribed);
                }
            }
        });
        assertThat(undescribed).isEmpty();
    }

    private static void collectUndescribed(JSONSchemaProps schema, String path, List<String> undescribed) {
        if (schema.getProperties() == null || path.endsWith(".nodeSelector")) {
            return;
        }
        schema.getProperties().forEach((name, property) -> {
            String at = path + "." + name;
            if (property.getDescription() == null) {
                undescribed.add(at);
            }
            collectUndescribed(property, at, undescribed);
            if (property.getItems() != null && property.getItems().getSchema() != null) {
                collectUndescribed(property.getItems().getSchema(), at + "[]", undescribed);
            }
        });
    }

    private static TreeMap<String, String> committed() throws IOException {
        var files = new TreeMap<String, String>();
        try (var found = Files.newDirectoryStream(COMMITTED, "*.yaml")) {
            for (Path file : found) {
                files.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        return files;
    }
}
