package io.ipsecxdp.agent.secrets;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.ipsecxdp.agent.node.Failures;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.KeyLayout;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.net.HttpURLConnection;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Reads keys, on demand and as bytes: a typed Secret keeps Strings, and an informer keeps them for ever.
 * What Netty holds of the answer on its way is not ours to wipe.
 */
public final class KeySecrets {

    private static final long TIMEOUT_SECONDS = 30;

    private static final int MOST_REQUESTS_AT_ONCE = 16;

    private record Reader(Protection encryption, CompletableFuture<Answer> answer) {}

    private final HttpClient http;
    private final String secrets;
    private final String namespace;
    /** By the name of the Secret; the oldest first. */
    private final Map<String, List<Reader>> waiting = new LinkedHashMap<>();

    private final Set<String> underWay = new HashSet<>();
    private final FingerprintSecret fingerprints;

    public KeySecrets(KubernetesClient client, String namespace, Clock clock) {
        this.http = client.getHttpClient();
        this.namespace = namespace;
        this.secrets = client.getMasterUrl().toString().replaceAll("/+$", "") + "/api/v1/namespaces/" + namespace
                + "/secrets/";
        this.fingerprints = new FingerprintSecret(http, request(Api.FINGERPRINT_SECRET), clock);
    }

    /** Those of tunnels, from the same namespace. */
    public PresharedKeys presharedKeys() {
        return new PresharedKeys(http, this::request, namespace);
    }

    private HttpRequest request(String name) {
        return http.newHttpRequestBuilder()
                .uri(secrets + URLEncoder.encode(name, StandardCharsets.UTF_8))
                .header("Accept", "application/json")
                .timeout(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .build();
    }

    /** What came of reading a key. */
    public sealed interface Answer {}

    /**
     * @param key for the receiver to close
     * @param made when its Secret was, if that says so
     * @param clusterFingerprint the same for equal keys on all nodes, if there is a secret for that
     */
    public record Key(KeyMaterial key, Optional<Instant> made, Optional<String> clusterFingerprint) implements Answer {}

    /** @param message a sentence that says what to do, and never what the Secret holds */
    public record NoKey(Reason reason, String message) implements Answer {}

    /**
     * Never fails: what goes wrong is an answer too. While a Secret is being read, those who ask for it wait, and are
     * then served by one request together.
     */
    public CompletableFuture<Answer> read(Protection encryption) {
        var reader = new Reader(encryption, new CompletableFuture<>());
        synchronized (waiting) {
            waiting.computeIfAbsent(encryption.keySecretRef().name(), name -> new ArrayList<>())
                    .add(reader);
        }
        sendNext();
        return reader.answer();
    }

    private void sendNext() {
        for (Optional<String> next = nextSecret(); next.isPresent(); next = nextSecret()) {
            String name = next.get();
            List<Reader> readers;
            synchronized (waiting) {
                readers = waiting.remove(name);
            }
            var secret = fingerprints.get();
            http.sendAsync(request(name), byte[].class).whenComplete((response, failure) -> {
                if (failure == null) {
                    secret.thenAccept(common -> answer(name, readers, answers(readers, response, common)));
                } else {
                    answer(name, readers, unanswered(readers, failure));
                }
            });
        }
    }

    private void answer(String name, List<Reader> readers, List<Answer> answers) {
        synchronized (waiting) {
            underWay.remove(name);
        }
        for (int i = 0; i < readers.size(); i++) {
            readers.get(i).answer().complete(answers.get(i));
        }
        sendNext();
    }

    private Optional<String> nextSecret() {
        synchronized (waiting) {
            Optional<String> next = underWay.size() < MOST_REQUESTS_AT_ONCE
                    ? waiting.keySet().stream()
                            .filter(name -> !underWay.contains(name))
                            .findFirst()
                    : Optional.empty();
            next.ifPresent(underWay::add);
            return next;
        }
    }

    private List<Answer> unanswered(List<Reader> readers, Throwable failure) {
        return readers.stream()
                .<Answer>map(reader -> unreadable(
                        reader.encryption().keySecretRef(),
                        "the API server does not answer (%s)".formatted(Failures.cause(failure))))
                .toList();
    }

    private List<Answer> answers(List<Reader> readers, HttpResponse<byte[]> response, Optional<KeyMaterial> secret) {
        byte[] body = response.body() == null ? new byte[0] : response.body();
        List<Answer> answers = new ArrayList<>();
        try {
            Map<String, SecretEntry> entries = response.code() == HttpURLConnection.HTTP_OK
                    ? SecretEntry.read(
                            body,
                            readers.stream()
                                    .map(reader ->
                                            reader.encryption().keySecretRef().key())
                                    .collect(Collectors.toSet()))
                    : Map.of();
            for (Reader reader : readers) {
                answers.add(answer(reader.encryption(), response.code(), entries, secret));
            }
            entries.values().forEach(SecretEntry::wipe);
        } catch (SecretEntry.UnreadableException e) {
            for (Reader reader : readers) {
                answers.add(unreadable(reader.encryption().keySecretRef(), e.getMessage()));
            }
        } finally {
            Arrays.fill(body, (byte) 0);
        }
        return answers;
    }

    private Answer answer(
            Protection encryption, int code, Map<String, SecretEntry> entries, Optional<KeyMaterial> secret) {
        KeySecretRef ref = encryption.keySecretRef();
        return switch (code) {
            case HttpURLConnection.HTTP_OK -> key(encryption, entries.get(ref.key()), secret);
            case HttpURLConnection.HTTP_NOT_FOUND ->
                new NoKey(
                        Reason.KeyMissing,
                        "There is no Secret %s in the namespace %s; make it, of type %s, with the entry %s of %s."
                                .formatted(ref.name(), namespace, Api.KEY_SECRET_TYPE, ref.key(), encryption.layout()));
            case HttpURLConnection.HTTP_FORBIDDEN ->
                unreadable(ref, "this agent may not read Secrets in the namespace " + namespace);
            default -> unreadable(ref, "the API server answers %d".formatted(code));
        };
    }

    private Answer key(Protection encryption, SecretEntry entry, Optional<KeyMaterial> secret) {
        KeySecretRef ref = encryption.keySecretRef();
        KeyLayout needed = encryption.layout();
        // Several SAs may name one entry, and each takes the bytes away
        byte[] bytes = entry.bytes().map(byte[]::clone).orElse(null);
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
        var fingerprint = secret.flatMap(common -> FingerprintSecret.fingerprint(common, bytes, needed));
        return new Key(KeyMaterial.takeFrom(bytes), entry.made(), fingerprint);
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
