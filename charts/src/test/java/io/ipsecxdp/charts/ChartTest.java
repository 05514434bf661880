package io.ipsecxdp.charts;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.marcnuri.helm.Helm;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.HostPathVolumeSource;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.ipsecxdp.crds.Api;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChartTest {
    private static final List<HasMetadata> INSTALLED = Project.CHART.render(Map.of());
    private static final List<HasMetadata> CLEANING = Project.CHART.render(Map.of("agent", Map.of("cleanup", true)));

    @Test
    void helmHasNothingToSayAgainstIt() {
        var result = Project.CHART.lint();
        assertThat(result.getMessages()).containsExactly("[INFO] Chart.yaml: icon is recommended");
        assertThat(result.isFailed()).isFalse();
    }

    @Test
    void itsCrdsAreTheProjects() throws IOException {
        assertThat(files(Project.CHART.folder().resolve("crds")))
                .as("make a symbolic link in the chart's crds/ for each file of crds/")
                .isEqualTo(files(Project.ROOT.resolve("crds")))
                .isNotEmpty();
        assertThat(of(CustomResourceDefinition.class, INSTALLED))
                .hasSize(files(Project.ROOT.resolve("crds")).size());
    }

    @Test
    void aPackagedChartHasTheCrdsThemselves(@TempDir Path folder) throws IOException {
        new Helm(Project.CHART.folder()).packageIt().withDestination(folder).call();
        try (var packages = Files.newDirectoryStream(folder, "*.tgz")) {
            assertThat(new Chart(packages.iterator().next()).render(Map.of())).isEqualTo(INSTALLED);
        }
    }

    @Test
    void theSecretOfTheFingerprintsIsRandomAndMadeOnce(@TempDir Path folder) throws IOException {
        Path chart = new Chart(Project.CHART.folder()).copy(folder.resolve("chart"));
        Path template = chart.resolve("templates/fingerprint-secret.yaml");
        String hook = "helm.sh/hook: post-install";
        assertThat(template).content().contains(hook);
        // Hooks are left out of what is rendered
        Files.writeString(template, Files.readString(template).replace(hook, "rendered: for this test"));

        var secret = of(Secret.class, new Chart(chart).render(Map.of())).getFirst();
        var another = of(Secret.class, new Chart(chart).render(Map.of())).getFirst();

        assertThat(secret.getMetadata().getName()).isEqualTo(Api.FINGERPRINT_SECRET);
        assertThat(secret.getMetadata().getNamespace()).isEqualTo("ipsec-xdp-keys");
        assertThat(secret.getType()).isEqualTo(Api.FINGERPRINT_SECRET_TYPE);
        assertThat(Base64.getDecoder().decode(secret.getData().get(Api.FINGERPRINT_SECRET_ENTRY)))
                .hasSize(32);
        assertThat(another.getData()).isNotEqualTo(secret.getData());
    }

    @Test
    void aValueThatDoesNotExistIsRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Project.CHART.render(Map.of("agent", Map.of("hostNetwork", false))))
                .withMessageContaining("hostNetwork");
    }

    @ParameterizedTest
    @ValueSource(strings = {Chart.RELEASE, "default", "kube-system"})
    void keysAreNotKeptAmongOtherSecrets(String namespace) {
        assertThatIllegalStateException()
                .isThrownBy(() -> Project.CHART.render(Map.of("keys", Map.of("namespace", namespace))))
                .withMessageContaining("must be a namespace of its own");
    }

    @Test
    void theOperatorHasNoPrivilege() {
        assertThat(operator().getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(operator().getSecurityContext().getRunAsUser()).isNotZero();
        assertThat(operator().getHostNetwork()).isNull();
        assertThat(operator().getVolumes())
                .allSatisfy(volume -> assertThat(volume.getHostPath()).isNull());
        assertThat(operator().getContainers()).allSatisfy(container -> {
            isConfined(container);
            assertThat(container.getSecurityContext().getCapabilities().getAdd())
                    .isEmpty();
        });
    }

    @Test
    void theAgentHasThreeCapabilitiesAndNoOther() {
        assertThat(agent(INSTALLED).getContainers()).singleElement().satisfies(ChartTest::isAgent);
    }

    @Test
    void theAgentSeesOfItsNodeTheNetworkAndThreeFoldersOfItsOwn() {
        var pod = agent(INSTALLED);
        assertThat(pod.getHostNetwork()).isTrue();
        assertThat(pod.getHostPID()).isNull();
        assertThat(pod.getHostIPC()).isNull();
        assertThat(pod.getVolumes().stream()
                        .map(Volume::getHostPath)
                        .filter(path -> path != null)
                        .map(HostPathVolumeSource::getPath))
                .containsExactlyInAnyOrder("/sys/fs/bpf/ipsec-xdp", "/var/lib/ipsec-xdp", "/run/ipsec-xdp");
    }

    @Test
    void sharingInterfacesTakesOneCapabilityAndOneFolderMore() {
        var pod = agent(Project.CHART.render(Map.of("agent", Map.of("dispatcher", true))));
        assertThat(pod.getContainers()).singleElement().satisfies(container -> {
            isConfined(container);
            assertThat(container.getSecurityContext().getCapabilities().getAdd())
                    .containsExactlyInAnyOrder("NET_ADMIN", "BPF", "PERFMON", "SYS_ADMIN");
            assertThat(container.getEnv())
                    .anySatisfy(variable -> assertThat(variable.getName() + "=" + variable.getValue())
                            .isEqualTo("IPSEC_XDP_AGENT_DISPATCHER=true"));
            assertThat(container.getVolumeMounts())
                    .anySatisfy(mount -> assertThat(mount.getMountPath()).isEqualTo("/run/ipsec-xdp/bpf/xdp"));
        });
        assertThat(pod.getVolumes().stream()
                        .map(Volume::getHostPath)
                        .filter(path -> path != null)
                        .map(HostPathVolumeSource::getPath))
                .containsExactlyInAnyOrder(
                        "/sys/fs/bpf/ipsec-xdp", "/sys/fs/bpf/xdp", "/var/lib/ipsec-xdp", "/run/ipsec-xdp");
    }

    /** The default AppArmor profile of containerd and Docker: {@code deny /sys/fs/[^c]*}{@code /** wklx}. */
    @Test
    void nothingIsMountedWhereAppArmorForbidsWriting() {
        assertThat(agent(INSTALLED).getContainers().stream()
                        .flatMap(container -> container.getVolumeMounts().stream())
                        .map(VolumeMount::getMountPath))
                .noneMatch(path -> path.startsWith("/sys/"));
    }

    @Test
    void theAgentRunsOnEveryNodeAndIsNotEvicted() {
        assertThat(agent(INSTALLED).getTolerations()).anySatisfy(toleration -> {
            assertThat(toleration.getOperator()).isEqualTo("Exists");
            assertThat(toleration.getKey()).isNull();
            assertThat(toleration.getEffect()).isNull();
        });
        assertThat(agent(INSTALLED).getPriorityClassName()).isEqualTo("system-node-critical");
    }

    @Test
    void cleaningRunsTheAgentToItsEndAndThenWaitsWithoutPrivilege() {
        var pod = agent(CLEANING);
        assertThat(pod.getInitContainers()).singleElement().satisfies(container -> {
            isAgent(container);
            assertThat(container.getArgs()).containsExactly("--cleanup");
        });
        assertThat(pod.getContainers()).singleElement().satisfies(container -> {
            isConfined(container);
            assertThat(container.getSecurityContext().getCapabilities().getAdd())
                    .isEmpty();
            assertThat(container.getVolumeMounts()).isEmpty();
        });
    }

    @Test
    void theAccountsAreThoseThatEverybodyKnows() {
        assertThat(operator().getServiceAccountName()).isEqualTo("ipsec-xdp-operator");
        assertThat(agent(INSTALLED).getServiceAccountName()).isEqualTo("ipsec-xdp-agent");
    }

    @Test
    void uninstallLeavesTheUsersKeys() {
        assertThat(INSTALLED)
                .filteredOn(object -> object.getKind().equals("Namespace"))
                .singleElement()
                .satisfies(namespace -> assertThat(namespace.getMetadata().getAnnotations())
                        .containsEntry("helm.sh/resource-policy", "keep"));
    }

    @Test
    void everyProcessMayDoWhatItUsesAndNothingElse() {
        assertThat(Grant.of(INSTALLED)).containsExactlyInAnyOrderElementsOf(RbacTable.used());
    }

    @Test
    void noRuleHasAWildcard() {
        assertThat(Grant.of(INSTALLED))
                .isNotEmpty()
                .allSatisfy(grant -> assertThat(grant.toString()).doesNotContain("*"));
    }

    @Test
    void theOperatorNeverSeesASecret() {
        assertThat(Grant.of(INSTALLED))
                .filteredOn(grant -> grant.account().equals(RbacTable.OPERATOR))
                .isNotEmpty()
                .noneMatch(grant -> grant.resource().startsWith("secrets"));
    }

    private static void isAgent(Container container) {
        isConfined(container);
        assertThat(container.getSecurityContext().getCapabilities().getAdd())
                .containsExactlyInAnyOrder("NET_ADMIN", "BPF", "PERFMON");
    }

    private static void isConfined(Container container) {
        var context = container.getSecurityContext();
        assertThat(context.getPrivileged()).isNull();
        assertThat(context.getAllowPrivilegeEscalation()).isFalse();
        assertThat(context.getReadOnlyRootFilesystem()).isTrue();
        assertThat(context.getCapabilities().getDrop()).containsExactly("ALL");
    }

    @Test
    void theOperatorMayGetAndPatchNodesOnlyToTakeTheTaintOff() {
        var tainting = Project.CHART.render(Map.of("taint", Map.of("enabled", true)));

        assertThat(Grant.of(tainting))
                .filteredOn(grant -> !Grant.of(INSTALLED).contains(grant))
                .containsExactlyInAnyOrder(
                        new Grant(RbacTable.OPERATOR, Grant.CLUSTER, "nodes", Optional.empty(), "get"),
                        new Grant(RbacTable.OPERATOR, Grant.CLUSTER, "nodes", Optional.empty(), "patch"));
        assertThat(of(Deployment.class, tainting)
                        .getFirst()
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers())
                .singleElement()
                .satisfies(container -> assertThat(container.getEnv())
                        .extracting(EnvVar::getName, EnvVar::getValue)
                        .contains(tuple("IPSEC_XDP_OPERATOR_TAINT", "true")));
    }

    @Test
    void podMonitorsSelectOperatorAndAgentsAndTheirPorts() {
        var monitors = monitors(Map.of("podMonitor", Map.of("enabled", true, "labels", Map.of("release", "prom"))));

        assertThat(monitors).containsOnlyKeys("ipsec-xdp-operator", "ipsec-xdp-agent");
        selects(
                monitors.get("ipsec-xdp-operator"),
                of(Deployment.class, INSTALLED).getFirst().getSpec().getTemplate());
        selects(
                monitors.get("ipsec-xdp-agent"),
                of(DaemonSet.class, INSTALLED).getFirst().getSpec().getTemplate());
        assertThat(monitors.values()).allSatisfy(monitor -> {
            assertThat(monitor.at("/metadata/labels/release").asText()).isEqualTo("prom");
            assertThat(monitor.at("/spec/podMetricsEndpoints/0/scheme").asText())
                    .isEqualTo("https");
            assertThat(monitor.at("/spec/podMetricsEndpoints/0/tlsConfig/insecureSkipVerify")
                            .asBoolean())
                    .isTrue();
        });
        assertThat(monitors.get("ipsec-xdp-agent")
                        .at("/spec/podMetricsEndpoints/0/relabelings/0/targetLabel")
                        .asText())
                .isEqualTo("instance");
    }

    private static void selects(JsonNode monitor, PodTemplateSpec pod) {
        assertThat(monitor.at("/spec/selector/matchLabels").properties())
                .isNotEmpty()
                .allSatisfy(label -> assertThat(pod.getMetadata().getLabels())
                        .containsEntry(label.getKey(), label.getValue().asText()));
        assertThat(pod.getSpec().getContainers().getFirst().getPorts())
                .extracting(ContainerPort::getName)
                .contains(monitor.at("/spec/podMetricsEndpoints/0/port").asText());
    }

    @Test
    void whatScrapesHasATokenThatIsGoodForNothingElse() {
        var monitoring = Project.CHART.render(Map.of("podMonitor", Map.of("enabled", true)));

        String reader = "ipsec-xdp-metrics-reader";
        assertThat(Grant.of(monitoring))
                .filteredOn(grant -> !Grant.of(INSTALLED).contains(grant))
                .containsExactly(new Grant("ipsec-xdp/" + reader, Grant.CLUSTER, "/metrics", Optional.empty(), "get"));
        assertThat(of(Secret.class, monitoring)).singleElement().satisfies(secret -> {
            assertThat(secret.getType()).isEqualTo("kubernetes.io/service-account-token");
            assertThat(secret.getMetadata().getAnnotations())
                    .containsEntry("kubernetes.io/service-account.name", reader);
            assertThat(monitors(Map.of("podMonitor", Map.of("enabled", true))).values())
                    .allSatisfy(monitor -> assertThat(
                                    monitor.at("/spec/podMetricsEndpoints/0/authorization/credentials/name")
                                            .asText())
                            .isEqualTo(secret.getMetadata().getName()));
        });
    }

    @Test
    void aCertificateOfTheUsersIsMountedAndVerifiedByItsCa() {
        Map<String, ?> values = Map.of("metrics", Map.of("tlsSecret", "own"), "podMonitor", Map.of("enabled", true));
        var rendered = Project.CHART.render(values);

        for (PodSpec pod : List.of(
                agent(rendered),
                of(Deployment.class, rendered)
                        .getFirst()
                        .getSpec()
                        .getTemplate()
                        .getSpec())) {
            var volume = pod.getVolumes().stream()
                    .filter(one -> one.getSecret() != null)
                    .findFirst()
                    .orElseThrow();
            assertThat(volume.getSecret().getSecretName()).isEqualTo("own");
            assertThat(volume.getSecret().getOptional())
                    .as("an agent does its work without it")
                    .isTrue();
            var container = pod.getContainers().getFirst();
            var mount = container.getVolumeMounts().stream()
                    .filter(one -> one.getName().equals(volume.getName()))
                    .findFirst()
                    .orElseThrow();
            assertThat(container.getEnv())
                    .filteredOn(variable -> variable.getName().endsWith("_METRICS_CERTIFICATE"))
                    .extracting(EnvVar::getValue)
                    .containsExactly(mount.getMountPath());
        }
        assertThat(monitors(values).values()).allSatisfy(monitor -> {
            var tls = monitor.at("/spec/podMetricsEndpoints/0/tlsConfig");
            assertThat(tls.at("/ca/secret/name").asText()).isEqualTo("own");
            assertThat(tls.at("/serverName").asText()).isEqualTo("ipsec-xdp-metrics.ipsec-xdp.svc");
            assertThat(tls.has("insecureSkipVerify")).isFalse();
        });
    }

    @Test
    void whereNothingIsServedNobodyListensAndNobodyMayAskWhoReads() {
        Map<String, ?> off = Map.of("enabled", false);
        var without = Project.CHART.render(Map.of("metrics", off, "page", off));

        assertThat(lost(without))
                .containsExactlyInAnyOrder(RbacTable.used().stream()
                        .filter(grant -> grant.resource().contains("reviews")
                                || grant.resource().equals("/page"))
                        .toArray(Grant[]::new));
        assertThat(lost(Project.CHART.render(Map.of("metrics", off))))
                .as("an operator asks who reads its page")
                .hasSize(2)
                .allSatisfy(grant -> assertThat(grant.account()).isEqualTo(RbacTable.AGENT));
        assertThat(lost(Project.CHART.render(Map.of("page", off))))
                .extracting(Grant::resource)
                .containsExactly("/page");
        assertThat(of(Deployment.class, without)
                        .getFirst()
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .getEnv())
                .noneMatch(variable -> variable.getName().endsWith("_PAGE_PORT"));
        var container = agent(without).getContainers().getFirst();
        assertThat(container.getPorts()).isEmpty();
        assertThat(container.getEnv()).noneMatch(variable -> variable.getName().endsWith("_METRICS_ADDRESS"));
        assertThatIllegalStateException()
                .isThrownBy(() -> Project.CHART.render(
                        Map.of("metrics", Map.of("enabled", false), "podMonitor", Map.of("enabled", true))))
                .withMessageContaining("podMonitor.enabled takes metrics.enabled");
    }

    private static List<Grant> lost(List<HasMetadata> rendered) {
        var left = Grant.of(rendered);
        return Grant.of(INSTALLED).stream()
                .filter(grant -> !left.contains(grant))
                .toList();
    }

    /** By name. */
    private static Map<String, JsonNode> monitors(Map<String, ?> values) {
        return Project.CHART.render(values).stream()
                .filter(object -> object.getApiVersion().equals("monitoring.coreos.com/v1")
                        && object.getKind().equals("PodMonitor"))
                .collect(toMap(
                        object -> object.getMetadata().getName(), object -> new ObjectMapper().valueToTree(object)));
    }

    @Test
    void aNetworkPolicyLetsInWhoMayScrapeAndNobodyElse() {
        var closed = of(NetworkPolicy.class, with(Map.of("enabled", true))).getFirst();
        var from = List.of(Map.of(
                "namespaceSelector", Map.of("matchLabels", Map.of("kubernetes.io/metadata.name", "monitoring"))));
        var open = of(NetworkPolicy.class, with(Map.of("enabled", true, "metricsFrom", from)))
                .getFirst();

        assertThat(closed.getSpec().getPolicyTypes()).containsExactly("Ingress", "Egress");
        assertThat(closed.getSpec().getIngress()).isEmpty();
        assertThat(open.getSpec().getIngress()).singleElement().satisfies(rule -> {
            assertThat(rule.getFrom()).hasSize(1);
            assertThat(rule.getPorts())
                    .extracting(port -> port.getPort().getStrVal())
                    .containsExactly("metrics");
        });
        assertThat(open.getSpec().getEgress())
                .singleElement()
                .satisfies(rule -> assertThat(rule.getPorts())
                        .extracting(port -> port.getPort().getIntVal())
                        .containsExactly(443, 6443));
    }

    @Test
    void objectsOfTheUsersOwnAreRenderedWithTheRelease() {
        var extra = Map.of(
                "apiVersion", "v1", "kind", "ConfigMap", "metadata", Map.of("name", "{{ .Release.Name }}-extra"));

        assertThat(added(Project.CHART.render(Map.of("extraObjects", List.of(extra, extra)))))
                .hasSize(2)
                .allSatisfy(object -> assertThat(object.getMetadata().getName()).isEqualTo("ipsec-xdp-extra"));
    }

    private static List<HasMetadata> with(Map<String, ?> networkPolicy) {
        return Project.CHART.render(Map.of("networkPolicy", networkPolicy));
    }

    private static List<HasMetadata> added(List<HasMetadata> rendered) {
        return rendered.stream().filter(object -> !INSTALLED.contains(object)).toList();
    }

    private static PodSpec operator() {
        return confined(of(Deployment.class, INSTALLED)
                .getFirst()
                .getSpec()
                .getTemplate()
                .getSpec());
    }

    private static PodSpec agent(List<HasMetadata> objects) {
        return confined(
                of(DaemonSet.class, objects).getFirst().getSpec().getTemplate().getSpec());
    }

    private static PodSpec confined(PodSpec pod) {
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        return pod;
    }

    private static <T> List<T> of(Class<T> type, List<HasMetadata> objects) {
        return objects.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private static Map<String, String> files(Path folder) throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            return new TreeMap<>(found.filter(file -> file.toString().endsWith(".yaml"))
                    .collect(toMap(file -> file.getFileName().toString(), ChartTest::content)));
        }
    }

    private static String content(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
