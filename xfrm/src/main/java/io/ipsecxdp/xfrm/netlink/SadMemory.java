package io.ipsecxdp.xfrm.netlink;

import io.ipsecxdp.xfrm.Dump;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.codec.Frame;
import io.ipsecxdp.xfrm.codec.SaDigest;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The SAs as the last dump showed them. What looks the same in the next one is not decoded again: of ten thousand SAs,
 * that takes most of the time of a resync. The kernel shows them in the order in which they were added
 * ({@code xfrm_state_walk} in net/xfrm/xfrm_state.c).
 */
final class SadMemory {

    private Dump<ObservedSa> last = new Dump<>(List.of(), List.of());
    private long[] digests = {};

    /** Reads a whole dump, each SA by the given function. */
    @FunctionalInterface
    interface ReadDump {
        Dump<ObservedSa> read(Function<Frame, Optional<ObservedSa>> take);
    }

    /** The SAs as they are now: the same dump as before if they are the same. */
    Dump<ObservedSa> refreshed(ReadDump dump) {
        Comparison comparison = new Comparison();
        Dump<ObservedSa> now = dump.read(comparison::take);
        long[] seen = comparison.seen(now.entries().size());
        if (!Arrays.equals(seen, digests) || !now.unreadable().equals(last.unreadable())) {
            last = now;
            digests = seen;
        }
        return last;
    }

    /** A dump in progress. One that is begun again goes on here: what is counted is its last part. */
    private final class Comparison {
        private long[] seen = new long[digests.length + 1];
        private int count;
        private int next;
        private Map<Long, Integer> places = Map.of();

        /** One that cannot be read is not counted. */
        Optional<ObservedSa> take(Frame frame) {
            long now = SaDigest.of(frame);
            ObservedSa sa = known(now).orElseGet(() -> XfrmDecoder.sa(frame));
            if (count == seen.length) {
                seen = Arrays.copyOf(seen, 2 * count);
            }
            seen[count++] = now;
            return Optional.of(sa);
        }

        long[] seen(int last) {
            return Arrays.copyOfRange(seen, count - last, count);
        }

        private Optional<ObservedSa> known(long now) {
            if (next < digests.length && digests[next] == now) {
                return Optional.of(last.entries().get(next++));
            }
            Optional<Integer> found = Optional.ofNullable(places().get(now));
            found.ifPresent(place -> next = place + 1);
            return found.map(last.entries()::get);
        }

        /** Where to go on after something came, went or changed. */
        private Map<Long, Integer> places() {
            if (places.isEmpty()) {
                places = new HashMap<>();
                for (int i = 0; i < digests.length; i++) {
                    places.put(digests[i], i);
                }
            }
            return places;
        }
    }
}
