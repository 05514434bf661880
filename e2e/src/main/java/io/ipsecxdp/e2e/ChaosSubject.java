package io.ipsecxdp.e2e;

import java.time.Duration;

/** What protects the packets while the weather is bad, and how it is changed. */
interface ChaosSubject {
    /** What takes a minute in fair weather, while packets keep an emulated guest busy. */
    Duration PATIENCE = Duration.ofMinutes(3);

    /** Declares it, and waits until it is in force. */
    void declare();

    /** Asks for new SAs; returns before they are in force. */
    void beginChange();

    /** Waits until the change is begun and waits for a node whose agent is away. */
    void awaitBegun(Node away);

    /** Waits until it is made and nothing of what was before is left to wait for. */
    void endChange();

    /** Whether an etcd that forgets a change makes nothing worse: keys that users declared would be declared again. */
    boolean mayBeForgotten();

    /** Has new SAs instead of those that {@code loss} takes from a node, by itself or by its user's hand. */
    void renew(Node node, Runnable loss);
}
