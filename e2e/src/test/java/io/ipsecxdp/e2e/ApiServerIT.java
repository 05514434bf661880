package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.ipsecxdp.crds.SecurityAssociation;
import java.net.HttpURLConnection;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The harness' API server enforces the rights that the chart gives, so that what passes here passes in a cluster. */
class ApiServerIT {
    private static final Cleanup CLEANUP = new Cleanup();
    private static ApiServer api;
    private static KubernetesClient admin;

    @BeforeAll
    static void start(@TempDir Path folder) {
        Project project = Project.here();
        api = CLEANUP.add(ApiServer.start(project, folder.resolve("api")));
        admin = CLEANUP.add(api.adminClient());
        Kubectl.admin(project, api).installCrds();
        new Installation(project, admin).grantAccess();
        new Keys(admin).make("key", Keys.AES_GCM_256);
    }

    @AfterAll
    static void stop() {
        CLEANUP.close();
    }

    @Test
    void aStrangerMayReadNothing() {
        try (var stranger = api.strangerClient()) {
            assertForbidden(() -> stranger.resources(SecurityAssociation.class).list());
            assertForbidden(() -> key(stranger));
        }
    }

    @Test
    void theAgentReadsAKeyButListsNone() {
        try (var agent = api.agentClient("n1")) {
            assertThat(key(agent)).isNotNull();
            assertForbidden(
                    () -> agent.secrets().inNamespace(ApiServer.KEYS_NAMESPACE).list());
        }
    }

    @Test
    void theAgentReadsNothingThatUsersDeclare() {
        try (var agent = api.agentClient("n1")) {
            assertForbidden(() -> agent.resources(SecurityAssociation.class).list());
        }
    }

    @Test
    void theOperatorReadsDeclarationsButNoKey() {
        try (var operator = api.operatorClient()) {
            assertThat(operator.resources(SecurityAssociation.class).list().getItems())
                    .isEmpty();
            assertForbidden(() -> key(operator));
        }
    }

    @Test
    void neitherWritesWhatIsNotTheirs() {
        var object = new ConfigMapBuilder()
                .withNewMetadata()
                .withName("x")
                .endMetadata()
                .build();
        try (var agent = api.agentClient("n1");
                var operator = api.operatorClient()) {
            assertForbidden(() ->
                    agent.configMaps().inNamespace("default").resource(object).create());
            assertForbidden(() -> operator.configMaps()
                    .inNamespace("default")
                    .resource(object)
                    .create());
        }
    }

    private static Object key(KubernetesClient client) {
        return client.secrets()
                .inNamespace(ApiServer.KEYS_NAMESPACE)
                .withName("key")
                .get();
    }

    private static void assertForbidden(Runnable request) {
        assertThatThrownBy(request::run)
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        e -> assertThat(e.getCode()).isEqualTo(HttpURLConnection.HTTP_FORBIDDEN));
    }
}
