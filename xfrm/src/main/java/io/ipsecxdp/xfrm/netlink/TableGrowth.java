package io.ipsecxdp.xfrm.netlink;

import io.ipsecxdp.xfrm.codec.SadSize;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Adds SAs no faster than the kernel's hash table of them can grow.
 *
 * <p>The table doubles by a work item that only an insertion schedules, and that waits for an RCU grace period
 * ({@code xfrm_hash_grow_check} and {@code xfrm_hash_resize} in net/xfrm/xfrm_state.c). A thousand SAs within ten
 * milliseconds are over before it has doubled more than once or twice; then nothing makes it grow any more, and each
 * packet's lookup walks a chain of dozens of SAs for as long as they live.
 *
 * <p>When the table is large enough already, this asks for its size once and never waits.
 */
final class TableGrowth implements Conversation.Pace {

    /** Of so many insertions into a full table at least one meets another SA in its bucket, which is what schedules growth. */
    static final int SURE_TO_GROW = 16;

    /** Grace periods take some milliseconds, where somebody else has the CPU hundreds. */
    private static final Duration GROWTH_TAKES_AT_MOST = Duration.ofSeconds(1);

    private static final long POLL_NANOS = 500_000;

    private final Conversation conversation;
    private Optional<SadSize> known = Optional.empty();
    private boolean growing = true;
    /** SAs since the table has the size that is known: without any, nothing has told the kernel that it is full. */
    private long added;

    TableGrowth(Conversation conversation) {
        this.conversation = conversation;
    }

    @Override
    public int most() {
        if (!growing) {
            return Conversation.MOST_REQUESTS_AT_ONCE;
        }
        if (known.filter(size -> size.sas() < size.buckets()).isEmpty()) {
            known = ask();
        }
        long deadline = System.nanoTime() + GROWTH_TAKES_AT_MOST.toNanos();
        while (known.filter(TableGrowth::crowded).isPresent()) {
            if (added < SURE_TO_GROW) {
                return SURE_TO_GROW;
            }
            if (System.nanoTime() > deadline) {
                // The largest table that the kernel makes, or a kernel that is too busy: SAs are worth more than speed
                growing = false;
                return Conversation.MOST_REQUESTS_AT_ONCE;
            }
            LockSupport.parkNanos(POLL_NANOS);
            known = ask();
        }
        return known.map(TableGrowth::room).orElse(Conversation.MOST_REQUESTS_AT_ONCE);
    }

    @Override
    public void worked(int requests) {
        added += requests;
        known = known.map(size -> new SadSize(size.sas() + requests, size.buckets()));
    }

    private static boolean crowded(SadSize size) {
        return size.sas() >= size.buckets() + SURE_TO_GROW;
    }

    /** As many as the table can hold one per bucket after it has doubled once. */
    private static int room(SadSize size) {
        return Math.clamp(2 * size.buckets() - size.sas(), SURE_TO_GROW, Conversation.MOST_REQUESTS_AT_ONCE);
    }

    /** Empty if the kernel does not say. */
    static Optional<SadSize> size(Conversation conversation) {
        return conversation
                .ask((encoder, sequence) -> encoder.getSadSize(sequence), XfrmDecoder::sadSize)
                .value();
    }

    private Optional<SadSize> ask() {
        Optional<SadSize> size = size(conversation);
        growing &= size.isPresent();
        if (!size.map(SadSize::buckets).equals(known.map(SadSize::buckets))) {
            added = 0;
        }
        return size;
    }
}
