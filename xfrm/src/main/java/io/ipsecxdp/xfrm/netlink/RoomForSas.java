package io.ipsecxdp.xfrm.netlink;

import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.codec.SadSize;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Makes the kernel's hash table of SAs large before it has to grow under traffic.
 *
 * <p>A packet whose SA is looked up while the table is replaced by one of twice its size is dropped: {@code xfrm_state_find} in
 * net/xfrm/xfrm_state.c answers EAGAIN when {@code xfrm_state_hash_generation} has moved, which {@code xfrm_lookup_with_ifid} counts
 * as XfrmOutNoStates unless {@code net.core.xfrm_larval_drop} is 0. The table never shrinks, so larval SAs that are there for a
 * moment make it as large as it has to be.
 */
final class RoomForSas {

    private static final long LEAST_BUCKETS = 1024;
    private static final long MOST_BUCKETS = 1 << 20; // xfrm_state_hashmax

    private final Conversation conversation;
    private final SplittableRandom random = new SplittableRandom();
    /** A kernel that did not grow its table once is not asked again. */
    private boolean grows = true;

    RoomForSas(Conversation conversation) {
        this.conversation = conversation;
    }

    /** Does nothing if the table has a bucket for each of {@code sas} SAs already. */
    void make(long sas, XfrmCapabilities capabilities) {
        long wanted = buckets(sas);
        if (!grows) {
            return;
        }
        Optional<SadSize> before = TableGrowth.size(conversation).filter(size -> size.buckets() + 1 < wanted);
        if (before.isEmpty()) {
            return;
        }
        // The table doubles once it has more SAs than buckets
        long missing = wanted / 2 + TableGrowth.SURE_TO_GROW - before.get().sas();
        List<SaId> larval = larval((int) Math.max(TableGrowth.SURE_TO_GROW, missing));
        TableGrowth growth = new TableGrowth(conversation);
        List<Optional<KernelError>> made = conversation.request(
                larval.stream()
                        .<Conversation.Request>map(id -> (encoder, sequence) ->
                                encoder.reserveSpi(sequence, id, address(0), SaDir.IN, OptionalInt.empty()))
                        .toList(),
                growth);
        growth.most(); // waits for what the last of them made grow
        List<SaId> there = IntStream.range(0, larval.size())
                .filter(i -> made.get(i).isEmpty())
                .mapToObj(larval::get)
                .toList();
        conversation.request(there.stream()
                .<Conversation.Request>map(
                        id -> (encoder, sequence) -> encoder.change(sequence, new Change.DeleteSa(id), capabilities))
                .toList());
        grows = TableGrowth.size(conversation)
                .filter(size -> size.buckets() + 1 >= wanted)
                .isPresent();
    }

    /** A power of two, as the kernel's are. */
    private static long buckets(long sas) {
        long wanted = Math.clamp(sas, LEAST_BUCKETS, MOST_BUCKETS);
        return Long.highestOneBit(wanted) == wanted ? wanted : Long.highestOneBit(wanted) << 1;
    }

    private List<SaId> larval(int count) {
        List<SaId> ids = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ids.add(SaId.esp(address(random.nextInt(1, 1 << 17)), random.nextLong(256, 1L << Integer.SIZE)));
        }
        return ids;
    }

    /** Of 198.18.0.0/15, which no network routes (RFC 2544, appendix C.2.2). Spread, since a chain of larval SAs is walked for each. */
    private static InetAddress address(int host) {
        try {
            return InetAddress.getByAddress(
                    new byte[] {(byte) 198, (byte) (18 + (host >> 16)), (byte) (host >> 8), (byte) host});
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
