package io.ipsecxdp.agent.node;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.ipsecxdp.agent.key.KeyMaterial;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.KeyLayout;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import java.net.HttpURLConnection;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Reads keys, one at a time and on demand, as bytes: a typed Secret keeps Strings, and an informer keeps them for ever.
 * What Netty holds of the answer on its way is not ours to wipe.
 */
public final class KeySecrets {

    private static final long TIMEOUT_SECONDS = 30;

    private final HttpClient http;
    private final String secrets;
    private final String namespace;

    public KeySecrets(KubernetesClient client, String namespace) {
        this.http = client.getHttpClient();
        this.namespace = namespace;
        this.secrets = client.getMasterUrl().toString().replaceAll("/+$", "") + "/api/v1/namespaces/" + namespace
                + "/secrets/";
    }

    /** What came of reading a key. */
    public sealed interface Answer {}

    /** @param key for the receiver to close */
    public record Key(KeyMaterial key) implements Answer {}

    /** @param message a sentence that says what to do, and never what the Secret holds */
    public record NoKey(Reason reason, String message) implements Answer {}

    /** Never fails: what goes wrong is an answer too. */
    public CompletableFuture<Answer> read(Protection encryption) {
        KeySecretRef ref = encryption.keySecretRef();
        HttpRequest request = http.newHttpRequestBuilder()
                .uri(secrets + URLEncoder.encode(ref.name(), StandardCharsets.UTF_8))
                .header("Accept", "application/json")
                .timeout(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .build();
        return http.sendAsync(request, byte[].class)
                .handle((response, failure) -> failure == null
                        ? answer(encryption, response)
                        : unreadable(ref, "the API server does not answer (%s)".formatted(Failures.cause(failure))));
    }

    private Answer answer(Protection encryption, HttpResponse<byte[]> response) {
        KeySecretRef ref = encryption.keySecretRef();
        byte[] body = response.body() == null ? new byte[0] : response.body();
        try {
            return switch (response.code()) {
                case HttpURLConnection.HTTP_OK -> key(encryption, SecretEntry.read(body, ref.key()));
                case HttpURLConnection.HTTP_NOT_FOUND ->
                    new NoKey(
                            Reason.KeyMissing,
                            "There is no Secret %s in the namespace %s; make it, of type %s, with the entry %s of %s."
                                    .formatted(
                                            ref.name(),
                                            namespace,
                                            Api.KEY_SECRET_TYPE,
                                            ref.key(),
                                            encryption.layout()));
                case HttpURLConnection.HTTP_FORBIDDEN ->
                    unreadable(ref, "this agent may not read Secrets in the namespace " + namespace);
                default -> unreadable(ref, "the API server answers %d".formatted(response.code()));
            };
        } catch (SecretEntry.UnreadableException e) {
            return unreadable(ref, e.getMessage());
        } finally {
            Arrays.fill(body, (byte) 0);
        }
    }

    private Answer key(Protection encryption, SecretEntry entry) {
        KeySecretRef ref = encryption.keySecretRef();
        KeyLayout needed = encryption.layout();
        byte[] bytes = entry.bytes().orElse(null);
        if (!entry.type().equals(Api.KEY_SECRET_TYPE)) {
            wipe(bytes);
            return new NoKey(
                    Reason.KeyInvalid,
                    "The Secret %s in the namespace %s must be of type %s; the type of a Secret cannot be changed, so delete it and make it anew."
                            .formatted(ref.name(), namespace, Api.KEY_SECRET_TYPE));
        }
        if (bytes == null) {
            return new NoKey(
                    Reason.KeyMissing,
                    "The Secret %s in the namespace %s has no entry %s; add it, with %s."
                            .formatted(ref.name(), namespace, ref.key(), needed));
        }
        if (bytes.length != needed.total()) {
            wipe(bytes);
            return new NoKey(
                    Reason.KeyInvalid,
                    "The entry %s of the Secret %s in the namespace %s must have %s."
                            .formatted(ref.key(), ref.name(), namespace, needed));
        }
        return new Key(KeyMaterial.takeFrom(bytes));
    }

    private NoKey unreadable(KeySecretRef ref, String why) {
        return new NoKey(
                Reason.KeyUnreadable,
                "The Secret %s in the namespace %s cannot be read: %s. It is tried again."
                        .formatted(ref.name(), namespace, why));
    }

    private static void wipe(byte[] bytes) {
        if (bytes != null) {
            Arrays.fill(bytes, (byte) 0);
        }
    }
}
