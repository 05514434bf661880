package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.crds.Api;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Objects with statuses in all states, which operator and agents would have written. */
final class DeclaredStates {
    private static final String API = Api.GROUP + "/" + Api.VERSION;
    private static final String TUNNEL_UID = "TUNNEL-UID";
    private static final int PUBLIC_VALUE_BYTES = 32;

    private DeclaredStates() {}

    /** Creates those of {@code plugin-objects.yaml}, the first of which is the Tunnel that others name by its uid. */
    static void create(KubernetesClient client) {
        String uid = "";
        for (String document : text().split("\n---\n")) {
            var object = create(client, document.replace(TUNNEL_UID, uid));
            uid = uid.isEmpty() ? object.getMetadata().getUid() : uid;
        }
    }

    /** A Tunnel between m1 and m2, which are members of nothing else and have a key each. */
    static KeyedTunnel tunnelOfItsOwn(KubernetesClient client) {
        var tunnel = new KeyedTunnel(client, "keyed", List.of("m1", "m2"));
        var declared = create(client, """
                apiVersion: ipsec-xdp.io/v1alpha1
                kind: Tunnel
                metadata: {name: keyed}
                spec: {ends: [{nodeSelector: {}}], traffic: {overlay: {protocol: GRE}}}
                """);
        create(client, """
                apiVersion: ipsec-xdp.io/v1alpha1
                kind: TunnelPeers
                metadata: {name: keyed-0}
                spec:
                  tunnel: keyed
                  uid: %s
                  peers:
                    - {node: m1, uid: uid-m1, addresses: [198.51.100.11], end: 0, revision: 1}
                    - {node: m2, uid: uid-m2, addresses: [198.51.100.12], end: 0, revision: 2}
                """.formatted(declared.getMetadata().getUid()));
        tunnel.keys("a");
        return tunnel;
    }

    /** What a test does in the place of the agents of a Tunnel's nodes. */
    record KeyedTunnel(KubernetesClient client, String name, List<String> nodes) implements AutoCloseable {
        /** What was asked last; empty if nothing was. */
        String request() {
            Object request = client.genericKubernetesResources(API, "Tunnel")
                    .withName(name)
                    .get()
                    .get("spec", "rekey", "request");
            return request == null ? "" : request.toString();
        }

        /** Shows new keys in the place of the old ones. */
        void renewKeys() {
            keys("b");
        }

        void keys(String generation) {
            for (String node : nodes) {
                byte[] value = (generation + node)
                        .repeat(PUBLIC_VALUE_BYTES)
                        .substring(0, PUBLIC_VALUE_BYTES)
                        .getBytes(StandardCharsets.US_ASCII);
                client.resource(share(node, Base64.getEncoder().encodeToString(value)))
                        .createOr(existing -> existing.update());
            }
        }

        @Override
        public void close() {
            client.genericKubernetesResources(API, "Tunnel").withName(name).delete();
            client.genericKubernetesResources(API, "TunnelPeers")
                    .withName(name + "-0")
                    .delete();
            nodes.forEach(node -> client.genericKubernetesResources(API, "KeyShare")
                    .withName(node)
                    .delete());
        }

        private static GenericKubernetesResource share(String node, String publicKey) {
            var share = new GenericKubernetesResource();
            share.setApiVersion(API);
            share.setKind("KeyShare");
            share.setMetadata(new ObjectMetaBuilder().withName(node).build());
            share.setAdditionalProperty(
                    "spec",
                    Map.of(
                            "nodeUid",
                            "uid-" + node,
                            "boot",
                            "b",
                            "generations",
                            List.of(Map.of("publicKey", publicKey, "created", "2026-11-30T08:00:00Z"))));
            return share;
        }
    }

    private static GenericKubernetesResource create(KubernetesClient client, String yaml) {
        var wanted = Serialization.unmarshal(yaml, GenericKubernetesResource.class);
        Object status = wanted.getAdditionalProperties().get("status");
        var created = client.resource(wanted).create();
        if (status != null) {
            created.setAdditionalProperty("status", status);
            client.resource(created).updateStatus();
        }
        return created;
    }

    private static String text() {
        try (InputStream file = DeclaredStates.class.getResourceAsStream("/plugin-objects.yaml")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
