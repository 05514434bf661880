package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.crds.Api;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Key Secrets with random bytes. Remembers what it made, so that leaks can be looked for later. */
public final class Keys {
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Bytes of a key of AES-GCM with 256 bits, and of the salt that goes with it (RFC 4106, section 8.1). */
    public static final int AES_GCM_256 = 36;

    /** The entry under which {@link #make} puts the key. */
    public static final String ENTRY = "keymat";

    private final KubernetesClient client;
    private final Queue<Secret> made = new ConcurrentLinkedQueue<>();

    public Keys(KubernetesClient client) {
        this.client = client;
    }

    /** Every Secret that it ever made. */
    public List<Secret> made() {
        return List.copyOf(made);
    }

    /** Remembers a key that comes from elsewhere, so that leaks of it are looked for as well. */
    public void remember(byte[] key) {
        made.add(secret(
                "elsewhere",
                Api.KEY_SECRET_TYPE,
                Map.of(ENTRY, Base64.getEncoder().encodeToString(key))));
    }

    /** Makes, or makes anew, a Secret with one key. */
    public void make(String name, int bytes) {
        put(name, Api.KEY_SECRET_TYPE, Map.of(ENTRY, random(bytes)));
    }

    public void put(String name, String type, Map<String, String> data) {
        Secret secret = secret(name, type, data);
        made.add(secret);
        client.secrets().inNamespace(ApiServer.KEYS_NAMESPACE).resource(secret).createOr(existing -> existing.update());
    }

    public void delete(String name) {
        client.secrets().inNamespace(ApiServer.KEYS_NAMESPACE).withName(name).delete();
    }

    /** Random bytes in base64, as a Secret's data has them. */
    public static String random(int bytes) {
        byte[] key = new byte[bytes];
        RANDOM.nextBytes(key);
        return Base64.getEncoder().encodeToString(key);
    }

    private static Secret secret(String name, String type, Map<String, String> data) {
        return new SecretBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(ApiServer.KEYS_NAMESPACE)
                .endMetadata()
                .withType(type)
                .withData(data)
                .build();
    }
}
