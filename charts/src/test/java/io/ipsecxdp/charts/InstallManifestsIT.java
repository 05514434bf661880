package io.ipsecxdp.charts;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code make install-manifests} writes, applied by kubectl to a real API server. */
class InstallManifestsIT {
    private static TestingApiServer server;
    private static Path manifests;

    @BeforeAll
    static void anApiServerAndWhatIsWritten(@TempDir Path folder, @TempDir Path written) throws IOException {
        manifests = written;
        InstallManifests.write(Project.CHART, manifests);
        server = TestingApiServer.start(Project.ROOT, folder);
    }

    @AfterAll
    static void stop() {
        Optional.ofNullable(server).ifPresent(TestingApiServer::close);
    }

    @Test
    void oneApplyInstallsAllAndAnotherChangesNothing() throws Exception {
        apply();
        var installed = installed();

        apply();
        assertThat(installed()).isEqualTo(installed);
    }

    @Test
    void kustomizeMakesTheSameOfTheBase() throws Exception {
        var serialization = new KubernetesSerialization();
        var built = Arrays.stream(kubectl("kustomize", manifests.toString()).split("(?m)^---\\s*$"))
                .map(document -> serialization.<HasMetadata>unmarshal(document))
                .toList();
        assertThat(built).containsExactlyInAnyOrderElementsOf(InstallManifests.objects(Project.CHART));
    }

    @Test
    void nothingInItSaysThatHelmManagesIt() throws IOException {
        assertThat(Files.readString(manifests.resolve("install.yaml"))).doesNotContain("helm.sh", "Helm");
    }

    private static void apply() throws Exception {
        kubectl(
                "apply",
                "--server-side",
                "-f",
                manifests.resolve("install.yaml").toString());
    }

    /** What there is, without when it was applied: of some kinds an API server notes that anew. */
    private static List<HasMetadata> installed() {
        return InstallManifests.objects(Project.CHART).stream()
                .map(InstallManifestsIT::installed)
                .toList();
    }

    private static HasMetadata installed(HasMetadata object) {
        var there = server.client().resource(object).get();
        assertThat(there).as(object.getFullResourceName()).isNotNull();
        there.getMetadata().setManagedFields(List.of());
        there.getMetadata().setResourceVersion(null);
        return there;
    }

    private static String kubectl(String... arguments) throws Exception {
        return Command.run(
                Map.of("KUBECONFIG", server.kubeconfig().toString()),
                Stream.concat(Stream.of(server.kubectl().toString()), Arrays.stream(arguments))
                        .toList());
    }
}
