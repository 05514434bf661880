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
    private static final int SURE_TO_GROW = 16;

    /** Grace periods take some milliseconds, where somebody else has the CPU hundreds. */
    private static final Duration GROWTH_TAKES_AT_MOST = Duration.ofSeconds(1);

    private static final long POLL_NANOS = 500_000;

    private final Conversation conversation;
    private Optional<SadSize> known = Optional.empty();
    private boolean growing = true;

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
    private Optional<SadSize> ask() {
        Conversation.Answer<SadSize> answer =
                conversation.ask((encoder, sequence) -> encoder.getSadSize(sequence), XfrmDecoder::sadSize);
        growing &= answer.value().isPresent();
        return answer.value();
    }
}
