package io.ipsecxdp.xfrm;

import java.util.List;

/** A running collection of the kernel's notifications. */
public interface Subscription extends AutoCloseable {

    /**
     * Waits for what comes next. Blocks in the kernel, so call it on a platform thread of its own.
     *
     * @return at least one notification in the kernel's order, or none if the subscription was closed
     */
    List<Notification> next();

    /** Ends a wait of {@link #next}, from any thread. */
    @Override
    void close();
}
