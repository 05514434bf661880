package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.e2e.SpecTable.Row;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What one object shows to be wrong is refused by the API server, with a sentence, and what is right is taken. The rows of the
 * tables go to it without kubectl, for time; one shows what kubectl makes of the answer.
 */
class RefusedAtApplyIT {
    private static final Cleanup CLEANUP = new Cleanup();
    private static ApiServer api;
    private static Kubectl kubectl;
    private static KubernetesClient client;

    @BeforeAll
    static void start(@TempDir Path folder) {
        Project project = Project.here();
        api = CLEANUP.add(ApiServer.start(project, folder.resolve("api")));
        kubectl = Kubectl.admin(project, api);
        kubectl.installCrds();
        client = CLEANUP.add(api.adminClient());
        for (String kind : List.of("SecurityAssociation", "Tunnel")) {
            client.resource(Serialization.unmarshal(
                            SpecTable.GOOD.get(kind).replace("refused", "living"), GenericKubernetesResource.class))
                    .serverSideApply();
        }
    }

    @AfterAll
    static void stop() {
        CLEANUP.close();
    }

    static Stream<Row> refused() {
        return SpecTable.rows("refused-at-apply.txt");
    }

    static Stream<Row> accepted() {
        return SpecTable.rows("accepted-at-apply.txt");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void whatIsWrongIsRefusedWithASentence(Row row) {
        assertThatThrownBy(() -> apply(row))
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        e -> assertThat(e.getStatus().getMessage())
                                .contains(row.sentence().orElseThrow()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("accepted")
    void whatIsRightIsTaken(Row row) {
        apply(row);
    }

    @Test
    void kubectlShowsTheSentence() {
        String good = SpecTable.GOOD.get("SecurityAssociation");
        assertThat(kubectl.apply(good).ok()).isTrue();

        Command.Result refused = kubectl.apply(good.replace("{keySecretRef", "{algorithm: ENCR_3DES, keySecretRef"));

        assertThat(refused.ok()).isFalse();
        assertThat(refused.err())
                .startsWith("The SecurityAssociation \"refused\" is invalid")
                .contains("ENCR_3DES has blocks of 64 bits", "take ENCR_AES_GCM_16");
    }

    private static void apply(Row row) {
        var object = row.changed();
        object.getMetadata().setName(row.living() ? "living" : "new");
        if (row.living()) {
            client.resource(object).dryRun().serverSideApply();
        } else {
            client.resource(object).dryRun().create();
        }
    }
}
