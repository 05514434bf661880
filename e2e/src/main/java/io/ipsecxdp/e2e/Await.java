package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** Waiting for something that happens elsewhere. */
public final class Await {
    private static final Duration PAUSE = Duration.ofMillis(100);

    private Await() {}

    /**
     * Waits until {@code condition} holds.
     *
     * @param what the condition in words
     * @param evidence what to say, beside that, if it does not come to hold
     * @return how long it took
     * @throws IllegalStateException if it does not hold within {@code patience}
     */
    public static Duration until(String what, Duration patience, Supplier<String> evidence, BooleanSupplier condition) {
        long begun = System.nanoTime();
        try {
            Awaitility.await()
                    .pollInSameThread()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(PAUSE)
                    .atMost(patience)
                    .until(condition::getAsBoolean);
        } catch (ConditionTimeoutException e) {
            throw new IllegalStateException(
                    "waited %d s in vain until %s; %s".formatted(patience.toSeconds(), what, evidence.get()), e);
        }
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    /** Lets time pass, where there is nothing to wait for. */
    public static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
