package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

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
        while (true) {
            boolean holds = condition.getAsBoolean();
            Duration waited = Duration.ofNanos(System.nanoTime() - begun);
            if (holds) {
                return waited;
            }
            if (waited.compareTo(patience) > 0) {
                throw new IllegalStateException(
                        "waited %d s in vain until %s; %s".formatted(patience.toSeconds(), what, evidence.get()));
            }
            pause(PAUSE);
        }
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
