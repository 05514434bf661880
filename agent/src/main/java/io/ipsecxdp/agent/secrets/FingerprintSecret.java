package io.ipsecxdp.agent.secrets;

import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.ipsecxdp.agent.ledger.FingerprintMac;
import io.ipsecxdp.agent.time.Backoff;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.KeyLayout;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;

/** The secret that the agents of all nodes have in common, so that fingerprints of keys compare across nodes. */
final class FingerprintSecret {

    private static final Logger LOG = Logger.getLogger(FingerprintSecret.class);

    private static final int FEWEST_BYTES = 16;

    /** 128 bits: no two of all keys that a cluster will ever have meet by chance. */
    private static final int FINGERPRINT_DIGITS = 32;

    private static final Backoff RETRY = Backoff.between(Duration.ofSeconds(1), Duration.ofMinutes(5));

    private final HttpClient http;
    private final HttpRequest request;
    private final Clock clock;
    private CompletableFuture<Optional<KeyMaterial>> secret = CompletableFuture.completedFuture(Optional.empty());
    private Backoff retry = RETRY;

    FingerprintSecret(HttpClient http, HttpRequest request, Clock clock) {
        this.http = http;
        this.request = request;
        this.clock = clock;
    }

    /** The secret, once it was read. Never fails: without it there are no fingerprints, and SAs are installed all the same. */
    synchronized CompletableFuture<Optional<KeyMaterial>> get() {
        if (secret.isDone() && secret.join().isEmpty() && retry.isDue(clock.instant())) {
            retry = retry.failed(clock.instant());
            secret = http.sendAsync(request, byte[].class)
                    .handle((response, failure) -> failure == null ? secret(response) : Optional.empty());
        }
        return secret;
    }

    private static Optional<KeyMaterial> secret(HttpResponse<byte[]> response) {
        byte[] body = response.body() == null ? new byte[0] : response.body();
        try {
            if (response.code() != HttpURLConnection.HTTP_OK) {
                return complain("the API server answers %d".formatted(response.code()));
            }
            SecretEntry entry = SecretEntry.read(body, Api.FINGERPRINT_SECRET_ENTRY);
            byte[] bytes = entry.bytes().orElse(new byte[0]);
            if (!entry.type().equals(Api.FINGERPRINT_SECRET_TYPE) || bytes.length < FEWEST_BYTES) {
                entry.wipe();
                return complain("it must be of type %s, with an entry %s of %d bytes or more"
                        .formatted(Api.FINGERPRINT_SECRET_TYPE, Api.FINGERPRINT_SECRET_ENTRY, FEWEST_BYTES));
            }
            return Optional.of(KeyMaterial.takeFrom(bytes));
        } catch (SecretEntry.UnreadableException e) {
            return complain(e.getMessage());
        } finally {
            Arrays.fill(body, (byte) 0);
        }
    }

    private static Optional<KeyMaterial> complain(String why) {
        LOG.warnf(
                "The Secret %s beside the keys cannot be used: %s. Equal keys of SAs on different nodes are not found.",
                Api.FINGERPRINT_SECRET, why);
        return Optional.empty();
    }

    /**
     * What is the same wherever the keystream would be: of the encryption key and the salt, and not of the integrity key.
     * Empty for an SA that does not encrypt.
     *
     * @param entry of this layout; it stays the caller's
     */
    static Optional<String> fingerprint(KeyMaterial secret, byte[] entry, KeyLayout layout) {
        if (layout.encryptionBytes() == 0) {
            return Optional.empty();
        }
        byte[] key = Arrays.copyOf(entry, layout.encryptionBytes() + layout.saltBytes());
        try (KeyMaterial encryption = KeyMaterial.takeFrom(key)) {
            return Optional.of(FingerprintMac.under(secret).of(encryption).hex().substring(0, FINGERPRINT_DIGITS));
        }
    }
}
