package io.ipsecxdp.xfrm.netlink;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.codec.SadSize;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** With larval SAs, which need no ESP and are in the same hash table as others. */
@Timeout(60)
class TableGrowthIT {

    private static final int MANY = 3_000;

    private final SplittableRandom random = new SplittableRandom();
    private NetworkNamespace namespace;
    private Conversation conversation;

    @BeforeEach
    void enterAFreshNamespace() {
        Needs.root();
        Needs.program("ip");
        namespace = NetworkNamespace.create();
        conversation = namespace.call(() -> new Conversation(Conversation.openSocket()));
    }

    @AfterEach
    void leave() {
        if (conversation != null) {
            conversation.close();
        }
        if (namespace != null) {
            namespace.close();
        }
    }

    @Test
    void thousandsOfSasAddedAtOnceGetATableWithABucketForEach() {
        addMany(new TableGrowth(conversation));
        assertThat(size().sas()).isEqualTo(MANY);
        assertThat(size().buckets()).isGreaterThanOrEqualTo(MANY);
    }

    @Test
    void aTableThatIsLargeEnoughMakesNobodyWait() {
        addMany(new TableGrowth(conversation));
        SadSize before = size();
        TableGrowth growth = new TableGrowth(conversation);
        assertThat(growth.most()).isEqualTo(Conversation.MOST_REQUESTS_AT_ONCE);
        assertThat(size()).isEqualTo(before);
    }

    @Test
    void soFewGoAtOnceIntoASmallTableThatItCanHoldThemAfterDoublingOnce() {
        assertThat(new TableGrowth(conversation).most()).isBetween(1, (int) (2 * size().buckets()));
    }

    @Test
    void roomIsMadeOnceAndLeavesNoSaBehind() {
        RoomForSas room = new RoomForSas(conversation);
        room.make(MANY, Kernels.MODERN);
        assertThat(size()).isEqualTo(new SadSize(0, 4096));
        room.make(4096, Kernels.MODERN);
        assertThat(size()).isEqualTo(new SadSize(0, 4096));
    }

    @Test
    void thereIsRoomForAThousandAtLeast() {
        new RoomForSas(conversation).make(1, Kernels.MODERN);
        assertThat(size()).isEqualTo(new SadSize(0, 1024));
    }

    @Test
    void roomIsMadeBesideSasThatAreThere() {
        for (int i = 0; i < 100; i++) {
            reserveSpi();
        }
        new RoomForSas(conversation).make(2048, Kernels.MODERN);
        assertThat(size()).isEqualTo(new SadSize(100, 2048));
    }

    private void addMany(TableGrowth growth) {
        int added = 0;
        while (added < MANY) {
            int some = Math.min(growth.most(), MANY - added);
            for (int i = 0; i < some; i++) {
                reserveSpi();
            }
            growth.worked(some);
            added += some;
        }
    }

    private void reserveSpi() {
        SaId id = SaId.esp(ip("192.0.2.2"), random.nextLong(256, 1L << Integer.SIZE));
        Conversation.Answer<SaId> answer = conversation.ask(
                (encoder, sequence) -> encoder.reserveSpi(sequence, id, ip("192.0.2.1"), SaDir.IN, OptionalInt.empty()),
                frame -> XfrmDecoder.sa(frame).id());
        assertThat(answer.error()).isEmpty();
    }

    private SadSize size() {
        return conversation
                .ask((encoder, sequence) -> encoder.getSadSize(sequence), XfrmDecoder::sadSize)
                .value()
                .orElseThrow();
    }
}
