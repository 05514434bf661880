package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.crds.Api;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/** What is in a cluster before operator and agents start: namespaces, rights, Node objects. */
public record Installation(Project project, KubernetesClient client) {
    private static final Set<String> ACCESS_KINDS = Set.of(
            "ServiceAccount",
            "Role",
            "RoleBinding",
            "ClusterRole",
            "ClusterRoleBinding",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding");

    private static final int FINGERPRINT_SECRET_BYTES = 32;
    private static final String ADMISSION = "admissionregistration.k8s.io/v1";

    /** Gives operator and agents what the Helm chart gives them, and no more; returns what was created. */
    public List<HasMetadata> grantAccess() {
        for (String namespace : List.of(ApiServer.NAMESPACE, ApiServer.KEYS_NAMESPACE)) {
            create(new NamespaceBuilder()
                    .withNewMetadata()
                    .withName(namespace)
                    .endMetadata()
                    .build());
        }
        List<HasMetadata> access = ChartRendering.of(project).stream()
                .filter(object -> ACCESS_KINDS.contains(object.getKind()))
                // An API server that is too old for the chart serves the tests nevertheless
                .filter(object -> !object.getApiVersion().equals(ADMISSION) || client.supports(object.getClass()))
                .toList();
        access.forEach(this::create);
        create(fingerprintSecret());
        return access;
    }

    /** The chart makes it in a hook, which is no part of its rendering. */
    private static Secret fingerprintSecret() {
        byte[] random = new byte[FINGERPRINT_SECRET_BYTES];
        new SecureRandom().nextBytes(random);
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace(ApiServer.KEYS_NAMESPACE)
                .withName(Api.FINGERPRINT_SECRET)
                .endMetadata()
                .withType(Api.FINGERPRINT_SECRET_TYPE)
                .addToData(Api.FINGERPRINT_SECRET_ENTRY, Base64.getEncoder().encodeToString(random))
                .build();
    }

    /** Makes the Node object that the node's kubelet would make. */
    public void register(NodeFacts node) {
        create(new NodeBuilder()
                .withNewMetadata()
                .withName(node.name())
                .addToLabels("kubernetes.io/hostname", node.name())
                .addToLabels("kubernetes.io/os", "linux")
                .endMetadata()
                .withNewSpec()
                .withPodCIDRs(node.pods())
                .endSpec()
                .build());
        client.nodes().withName(node.name()).editStatus(found -> {
            var status = new NodeBuilder(found).editOrNewStatus().withAddresses(List.of());
            node.addresses()
                    .forEach(address -> status.addNewAddress()
                            .withType("InternalIP")
                            .withAddress(address)
                            .endAddress());
            return status.addNewAddress()
                    .withType("Hostname")
                    .withAddress(node.name())
                    .endAddress()
                    .endStatus()
                    .build();
        });
    }

    private void create(HasMetadata object) {
        client.resource(object).createOr(existing -> existing.update());
    }
}
