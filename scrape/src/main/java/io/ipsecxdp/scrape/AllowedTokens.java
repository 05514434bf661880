package io.ipsecxdp.scrape;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/**
 * Tokens that were allowed a short time ago, so that a Prometheus costs the API server two requests a minute and not two for
 * each scrape. They are kept as hashes. What was refused is not kept: a right that was just given serves at once. For any
 * thread.
 */
final class AllowedTokens {

    /** For so long somebody reads on whose right was taken away, or whose API server is away. */
    static final Duration GOOD_FOR = Duration.ofSeconds(60);

    /** More than there are readers; what is more is asked about again. */
    static final int MOST = 16;

    private final Clock clock;
    private final Map<ByteBuffer, Instant> until = new HashMap<>();

    AllowedTokens(Clock clock) {
        this.clock = clock;
    }

    synchronized boolean contains(String token) {
        Instant end = until.get(hash(token));
        // Both sides, for a clock that was set back must not prolong it
        return end != null && clock.instant().isBefore(end) && !clock.instant().isBefore(end.minus(GOOD_FOR));
    }

    /** @param asked when the API server was asked, which is before it answered */
    synchronized void add(String token, Instant asked) {
        until.values().removeIf(end -> !clock.instant().isBefore(end));
        until.remove(hash(token));
        while (until.size() >= MOST) {
            until.entrySet().stream()
                    .min(Comparator.comparing(Map.Entry::getValue))
                    .map(Map.Entry::getKey)
                    .ifPresent(until::remove);
        }
        until.put(hash(token), asked.plus(GOOD_FOR));
    }

    private static ByteBuffer hash(String token) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
