package io.ipsecxdp.agent.secrets;

import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.ipsecxdp.agent.node.Failures;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.net.HttpURLConnection;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Reads the pre-shared keys of tunnels, on demand and as bytes. */
public final class PresharedKeys {

    /** RFC 8784, section 4: with half as many bits left to a quantum computer, that is still enough. */
    private static final int FEWEST_BYTES = 32;

    private final HttpClient http;
    private final Function<String, HttpRequest> requests;
    private final String namespace;

    /** @param requests for a Secret, by its name */
    PresharedKeys(HttpClient http, Function<String, HttpRequest> requests, String namespace) {
        this.http = http;
        this.requests = requests;
        this.namespace = namespace;
    }

    /** What came of reading one. */
    public sealed interface Answer {}

    /**
     * @param version of the Secret, which is the same for all nodes
     * @param key for the receiver to close
     */
    public record Key(String version, KeyMaterial key) implements Answer {}

    /** @param message a sentence that says what to do, and never what the Secret holds */
    public record NoKey(Reason reason, String message) implements Answer {}

    /** Never fails: what goes wrong is an answer too. */
    public CompletableFuture<Answer> read(KeySecretRef ref) {
        return http.sendAsync(requests.apply(ref.name()), byte[].class)
                .handle((response, failure) -> failure == null
                        ? answer(ref, response)
                        : unreadable(ref, "the API server does not answer (%s)".formatted(Failures.cause(failure))));
    }

    private Answer answer(KeySecretRef ref, HttpResponse<byte[]> response) {
        byte[] body = response.body() == null ? new byte[0] : response.body();
        try {
            return switch (response.code()) {
                case HttpURLConnection.HTTP_OK -> key(ref, SecretEntry.read(body, ref.key()));
                case HttpURLConnection.HTTP_NOT_FOUND ->
                    new NoKey(
                            Reason.KeyMissing,
                            "There is no Secret %s in the namespace %s; make it, of type %s, with the entry %s of at least %d bytes."
                                    .formatted(ref.name(), namespace, Api.KEY_SECRET_TYPE, ref.key(), FEWEST_BYTES));
                default -> unreadable(ref, "the API server answers %d".formatted(response.code()));
            };
        } catch (SecretEntry.UnreadableException e) {
            return unreadable(ref, e.getMessage());
        } finally {
            Arrays.fill(body, (byte) 0);
        }
    }

    private Answer key(KeySecretRef ref, SecretEntry entry) {
        boolean fits = entry.type().equals(Api.KEY_SECRET_TYPE)
                && entry.bytes().filter(bytes -> bytes.length >= FEWEST_BYTES).isPresent();
        if (!fits) {
            entry.wipe();
            return new NoKey(
                    Reason.KeyInvalid,
                    "The Secret %s in the namespace %s must be of type %s, with an entry %s of at least %d bytes."
                            .formatted(ref.name(), namespace, Api.KEY_SECRET_TYPE, ref.key(), FEWEST_BYTES));
        }
        return new Key(entry.version(), KeyMaterial.takeFrom(entry.bytes().orElseThrow()));
    }

    private NoKey unreadable(KeySecretRef ref, String why) {
        return new NoKey(
                Reason.KeyUnreadable,
                "The Secret %s in the namespace %s cannot be read: %s. It is tried again."
                        .formatted(ref.name(), namespace, why));
    }
}
