package io.ipsecxdp.charts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The chart against a real API server with RBAC on: the one that lab/apiserver finds. */
class ChartIT {
    private static final List<HasMetadata> INSTALLED = Project.CHART.render(Map.of());
    private static final List<Map<String, ?>> OPTIONS = List.of(
            Map.of("agent", Map.of("cleanup", true)),
            Map.of("metrics", Map.of("tlsSecret", "metrics-tls")),
            Map.of("networkPolicy", Map.of("enabled", true)),
            Map.of("networkPolicy", Map.of("enabled", true, "metricsFrom", List.of(Map.of("podSelector", Map.of())))));

    private static TestingApiServer server;
    private static KubernetesClient client;

    @BeforeAll
    static void anApiServerWithTheChart(@TempDir Path folder) throws IOException {
        server = TestingApiServer.start(Project.ROOT, folder);
        client = server.client();
        INSTALLED.stream()
                .filter(object -> object.getApiVersion().startsWith("rbac.authorization.k8s.io/"))
                .forEach(object -> client.resource(object).createOr(existing -> existing.update()));
    }

    @AfterAll
    static void stop() {
        Optional.ofNullable(server).ifPresent(TestingApiServer::close);
    }

    static Stream<Named<HasMetadata>> everyObject() {
        var optional = OPTIONS.stream()
                .flatMap(values -> Project.CHART.render(values).stream())
                .filter(object -> !INSTALLED.contains(object));
        return Stream.concat(INSTALLED.stream(), optional)
                .map(object ->
                        Named.of(object.getKind() + " " + object.getMetadata().getName(), object));
    }

    @ParameterizedTest
    @MethodSource("everyObject")
    void theApiServerTakesEveryObject(HasMetadata object) {
        assertThat(client.resource(object).dryRun().createOr(existing -> existing.update()))
                .isNotNull();
    }

    static List<Grant> grants() {
        return RbacTable.used();
    }

    @ParameterizedTest
    @MethodSource("grants")
    void whatIsUsedIsAllowed(Grant grant) {
        assertThat(allowed(grant)).isTrue();
    }

    static Stream<Grant> whatWouldHurt() {
        return Stream.of(
                new Grant(RbacTable.OPERATOR, "ipsec-xdp-keys", "secrets", Optional.empty(), "get"),
                new Grant(RbacTable.OPERATOR, "ipsec-xdp", "secrets", Optional.empty(), "get"),
                new Grant(
                        RbacTable.OPERATOR, Grant.CLUSTER, "nodeplans.ipsec-xdp.io/status", Optional.empty(), "patch"),
                new Grant(
                        RbacTable.OPERATOR,
                        Grant.CLUSTER,
                        "securityassociations.ipsec-xdp.io",
                        Optional.empty(),
                        "patch"),
                new Grant(
                        RbacTable.OPERATOR,
                        "ipsec-xdp",
                        "leases.coordination.k8s.io",
                        Optional.of("ipsec-xdp-agent-n1"),
                        "patch"),
                new Grant(RbacTable.AGENT, "ipsec-xdp-keys", "secrets", Optional.empty(), "list"),
                new Grant(RbacTable.AGENT, "ipsec-xdp-keys", "secrets", Optional.empty(), "watch"),
                new Grant(RbacTable.AGENT, "ipsec-xdp", "secrets", Optional.empty(), "get"),
                new Grant(RbacTable.AGENT, "kube-system", "secrets", Optional.empty(), "get"),
                new Grant(RbacTable.AGENT, Grant.CLUSTER, "nodeplans.ipsec-xdp.io", Optional.empty(), "patch"),
                new Grant(
                        RbacTable.AGENT, Grant.CLUSTER, "securityassociations.ipsec-xdp.io", Optional.empty(), "list"),
                new Grant(
                        RbacTable.AGENT,
                        "ipsec-xdp",
                        "leases.coordination.k8s.io",
                        Optional.of("ipsec-xdp-operator"),
                        "update"),
                new Grant(RbacTable.AGENT, Grant.CLUSTER, "nodes", Optional.empty(), "patch"));
    }

    @ParameterizedTest
    @MethodSource("whatWouldHurt")
    void whatWouldHurtIsForbidden(Grant grant) {
        assertThat(allowed(grant)).isFalse();
    }

    private static boolean allowed(Grant grant) {
        String account = "system:serviceaccount:" + grant.account().replace('/', ':');
        if (grant.resource().startsWith("/")) {
            return client.authorization()
                    .v1()
                    .subjectAccessReview()
                    .create(new SubjectAccessReviewBuilder()
                            .withNewSpec()
                            .withUser(account)
                            .withNewNonResourceAttributes(grant.resource(), grant.verb())
                            .endSpec()
                            .build())
                    .getStatus()
                    .getAllowed();
        }
        String[] resource = grant.resource().split("/", 2);
        String[] type = resource[0].split("\\.", 2);
        var review = client.authorization()
                .v1()
                .subjectAccessReview()
                .create(new SubjectAccessReviewBuilder()
                        .withNewSpec()
                        .withUser(account)
                        .withNewResourceAttributes()
                        .withNamespace(grant.scope().equals(Grant.CLUSTER) ? "" : grant.scope())
                        .withGroup(type.length == 2 ? type[1] : "")
                        .withResource(type[0])
                        .withSubresource(resource.length == 2 ? resource[1] : "")
                        .withName(grant.name().orElse(""))
                        .withVerb(grant.verb())
                        .endResourceAttributes()
                        .endSpec()
                        .build());
        return review.getStatus().getAllowed();
    }
}
