package io.ipsecxdp.charts;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.luaj.vm2.LuaString;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.lib.jse.CoerceJavaToLua;
import org.luaj.vm2.lib.jse.JsePlatform;

/** What Argo CD makes of our objects: its health checks, run on objects as an API server had them. */
class GitOpsTest {
    private static final String HEALTH = "resource.customizations.health.ipsec-xdp.io_";
    private static final List<String> DECLARED =
            List.of("SecurityAssociation", "SecurityPolicy", "SteeringPolicy", "Tunnel");

    @Test
    void everyKindThatIsDeclaredHasAHealthCheck() throws IOException {
        assertThat(checks().keySet()).containsExactlyInAnyOrderElementsOf(DECLARED);
    }

    @ParameterizedTest
    @CsvSource({
        "installed, Healthy, in force",
        "key-missing, Progressing, there is no Secret",
        "stalled, Degraded, good",
        "steering-stalled, Degraded, no node",
        "tunnel, Healthy, in force",
        "paused, Suspended, in the clear",
        "unseen, Progressing, has not seen it"
    })
    void anObjectHasTheHealthOfItsConditions(String recorded, String health, String message) throws IOException {
        Map<String, ?> object = object(recorded);

        LuaValue answer = run(checks().get((String) object.get("kind")), object);

        assertThat(answer.get("status").tojstring()).isEqualTo(health);
        assertThat(answer.get("message").tojstring()).contains(message);
    }

    @Test
    void whatIsReadyIsProgressingAgainWhenItIsChanged() throws IOException {
        Map<String, Object> object = object("installed");
        object.put("metadata", Map.of("generation", 2));

        assertThat(run(checks().get("SecurityAssociation"), object)
                        .get("status")
                        .tojstring())
                .isEqualTo("Progressing");
    }

    @Test
    void whatTheExamplesSetAreValuesOfTheChart() throws IOException {
        assertThat(Project.CHART.render(values("flux/ipsec-xdp.yaml", "HelmRelease", "/spec/values")))
                .isNotEmpty();
        assertThat(Project.CHART.render(
                        values("argocd/applications.yaml", "Application", "/spec/source/helm/valuesObject")))
                .isNotEmpty();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, ?> values(String example, String kind, String where) throws IOException {
        var json = new ObjectMapper();
        String text = Files.readString(Project.ROOT.resolve("examples/gitops").resolve(example));
        return Arrays.stream(text.split("(?m)^---$"))
                .map(document -> json.<JsonNode>valueToTree(Serialization.unmarshal(document, Map.class)))
                .filter(object -> object.at("/kind").asText().equals(kind)
                        && !object.at(where).isMissingNode())
                .map(object -> (Map<String, ?>) json.convertValue(object.at(where), Map.class))
                .findFirst()
                .orElseThrow();
    }

    private static Map<String, String> checks() throws IOException {
        String text = Files.readString(Project.ROOT.resolve("examples/gitops/argocd/health.yaml"));
        return Serialization.unmarshal(text, ConfigMap.class).getData().entrySet().stream()
                .collect(toMap(entry -> entry.getKey().replace(HEALTH, ""), Map.Entry::getValue));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(String name) throws IOException {
        return Serialization.unmarshal(
                Files.readString(Path.of("src/test/resources/recorded/" + name + ".json")), Map.class);
    }

    private static LuaValue run(String script, Map<String, ?> object) {
        var lua = JsePlatform.standardGlobals();
        lua.set("obj", table(object));
        return lua.load(script).call();
    }

    private static LuaValue table(Object value) {
        return switch (value) {
            case Map<?, ?> map -> {
                var table = new LuaTable();
                map.forEach((key, entry) -> table.set(LuaString.valueOf((String) key), table(entry)));
                yield table;
            }
            case List<?> list ->
                LuaTable.listOf(list.stream().map(GitOpsTest::table).toArray(LuaValue[]::new));
            default -> CoerceJavaToLua.coerce(value);
        };
    }
}
