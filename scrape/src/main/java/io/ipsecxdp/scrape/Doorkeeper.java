package io.ipsecxdp.scrape;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Decides who reads what is served here. Whoever reaches the port can make it ask the API server, so few questions are under way at
 * once, few wait, and what is more is turned away.
 */
public final class Doorkeeper implements AutoCloseable {

    private static final int MOST_AT_ONCE = 2;
    private static final int MOST_WAITING = 16;
    private static final long IDLE_SECONDS = 60;

    /** Less than the 10 s of a scrape, so that the reader hears why. */
    private static final long PATIENCE_SECONDS = 8;

    /** RFC 6750, section 2.1; the name of the scheme is in any case (RFC 9110, section 11.1). */
    private static final Pattern BEARER = Pattern.compile("(?i:Bearer) +([A-Za-z0-9._~+/-]+=*) *");

    private final Function<String, Access> reviews;
    private final AllowedTokens allowed;
    private final Clock clock;
    private final ThreadPoolExecutor threads;

    /** Asks the API server. */
    public static Doorkeeper of(Right right, KubernetesClient client, Clock clock) {
        return new Doorkeeper(new AccessReviews(client, right)::ask, clock);
    }

    /** @param reviews answers for a token, and may block */
    public Doorkeeper(Function<String, Access> reviews, Clock clock) {
        this.reviews = reviews;
        this.allowed = new AllowedTokens(clock);
        this.clock = clock;
        this.threads = new ThreadPoolExecutor(
                MOST_AT_ONCE,
                MOST_AT_ONCE,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MOST_WAITING),
                Thread.ofPlatform().daemon().name("access-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Decides about whoever sends the request, and goes on with what it decided where the request is handled. For an event loop.
     *
     * @param vertx whose event loop it is
     */
    public void decide(HttpServerRequest request, Vertx vertx, Consumer<Access> then) {
        var context = vertx.getOrCreateContext();
        decide(Optional.ofNullable(request.getHeader(HttpHeaders.AUTHORIZATION)))
                .thenAccept(access -> context.runOnContext(ignored -> then.accept(access)));
    }

    /**
     * Does not block.
     *
     * @param authorization the header of this name
     */
    CompletableFuture<Access> decide(Optional<String> authorization) {
        return authorization
                .map(BEARER::matcher)
                .filter(Matcher::matches)
                .map(header -> header.group(1))
                .map(this::ofToken)
                .orElseGet(() -> CompletableFuture.completedFuture(Access.UNKNOWN));
    }

    private CompletableFuture<Access> ofToken(String token) {
        if (allowed.contains(token)) {
            return CompletableFuture.completedFuture(Access.ALLOWED);
        }
        try {
            return CompletableFuture.supplyAsync(() -> ask(token), threads)
                    .completeOnTimeout(Access.UNDECIDED, PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .exceptionally(failure -> Access.UNDECIDED);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(Access.UNDECIDED);
        }
    }

    private Access ask(String token) {
        Instant asked = clock.instant();
        Access access = reviews.apply(token);
        if (access == Access.ALLOWED) {
            allowed.add(token, asked);
        }
        return access;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
