package io.ipsecxdp.charts;

import static java.util.stream.Collectors.joining;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the chart installs by default, for those who do without Helm: one file for kubectl, and a base for kustomize beside it. */
public final class InstallManifests {
    private static final String HEAD = """
            # Made from charts/ipsec-xdp-operator by `make install-manifests`: change the chart, not this file. The images are those of a
            # local build; set yours, as with kustomize. The Secret by which agents find equal keys is not in it, since it is random:
            #   kubectl -n ipsec-xdp-keys create secret generic ipsec-xdp-fingerprint --type ipsec-xdp.io/fingerprint \\
            #     --from-literal=secret="$(openssl rand -hex 32)"
            """;

    private static final String BASE = """
            # A base: name it under `resources` of an overlay that sets `images`
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources: [install.yaml]
            """;

    private InstallManifests() {}

    /** @param arguments the folder to write to */
    public static void main(String[] arguments) throws IOException {
        write(Chart.ofProject(Path.of("").toAbsolutePath()), Path.of(arguments[0]));
    }

    /** Writes {@code install.yaml} and {@code kustomization.yaml} into {@code folder}. */
    static void write(Chart chart, Path folder) throws IOException {
        var serialization = new KubernetesSerialization();
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("install.yaml"),
                HEAD + objects(chart).stream().map(serialization::asYaml).collect(joining()));
        Files.writeString(folder.resolve("kustomization.yaml"), BASE);
    }

    /** In the order in which they can be applied: namespaces, which are few, then CRDs, which the chart has first, then the rest. */
    static List<HasMetadata> objects(Chart chart) {
        var rendered = chart.render(Map.of());
        rendered.forEach(InstallManifests::withoutHelm);
        return Stream.of(
                        Stream.of(namespaceOfTheRelease()),
                        rendered.stream().filter(InstallManifests::isNamespace),
                        rendered.stream().filter(object -> !isNamespace(object)))
                .flatMap(objects -> objects)
                .toList();
    }

    /** Helm makes it before it installs anything; agents need the node's network and capabilities. */
    private static HasMetadata namespaceOfTheRelease() {
        return new NamespaceBuilder()
                .withNewMetadata()
                .withName(Chart.RELEASE)
                .addToLabels("pod-security.kubernetes.io/enforce", "privileged")
                .endMetadata()
                .build();
    }

    private static boolean isNamespace(HasMetadata object) {
        return object.getKind().equals("Namespace");
    }

    /** What says that Helm manages it would not be true. */
    private static void withoutHelm(HasMetadata object) {
        withoutHelm(object.getMetadata());
        switch (object) {
            case Deployment deployment ->
                withoutHelm(deployment.getSpec().getTemplate().getMetadata());
            case DaemonSet agents -> withoutHelm(agents.getSpec().getTemplate().getMetadata());
            default -> {
                // has no objects within
            }
        }
    }

    private static void withoutHelm(ObjectMeta metadata) {
        for (Map<String, String> map : Stream.of(metadata.getLabels(), metadata.getAnnotations())
                .filter(map -> map != null)
                .toList()) {
            map.keySet().removeIf(key -> key.startsWith("helm.sh/"));
            map.remove("app.kubernetes.io/managed-by", "Helm");
        }
    }
}
