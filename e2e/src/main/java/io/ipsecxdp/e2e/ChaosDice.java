package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/** Whom it happens to, and for how long. */
record ChaosDice(RandomGenerator random, Cluster cluster) {
    private static final int SHORT_MILLIS = 3_000;

    /** Lets up to three seconds pass. */
    void pause() {
        Await.pause(upTo(1));
    }

    /** Lets up to 15 seconds pass: more than a client waits before it asks again. */
    void longPause() {
        Await.pause(upTo(5));
    }

    /** Up to so many times three seconds. */
    Duration upTo(int times) {
        return Duration.ofMillis(random.nextInt(times * SHORT_MILLIS));
    }

    AgentProcess agent() {
        return cluster.agent(random.nextInt(cluster.lab().nodes().size()));
    }

    Node node() {
        return agent().node();
    }

    <T> T oneOf(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    int between(int least, int most) {
        return random.nextInt(least, most);
    }
}
