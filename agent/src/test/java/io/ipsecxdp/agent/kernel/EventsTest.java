package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.kernel.Events.Event;
import io.ipsecxdp.agent.kernel.Events.KernelTold;
import io.ipsecxdp.agent.kernel.Events.KeyArrived;
import io.ipsecxdp.agent.kernel.Events.LinksChanged;
import io.ipsecxdp.agent.kernel.Events.PlansAre;
import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.Notification;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EventsTest {

    @Test
    void ofPlansTheNewestCountsOnly() {
        assertThat(Events.condensed(List.of(plans(1), plans(2), new LinksChanged(), plans(3))))
                .containsExactlyInAnyOrder(new LinksChanged(), plans(3));
    }

    @Test
    void whatTheKernelToldIsTakenInAtOnceAndInItsOrder() {
        List<Event> told = IntStream.range(0, 10)
                .<Event>mapToObj(i -> new KernelTold(List.of(told(2 * i), told(2 * i + 1))))
                .toList();
        assertThat(Events.condensed(told))
                .containsExactly(new KernelTold(
                        IntStream.range(0, 20).mapToObj(EventsTest::told).toList()));
    }

    @Test
    void noKeyIsLeftOut() {
        var answer = new KeySecrets.NoKey(Reason.KeyMissing, "There is none.");
        List<Event> keys = List.of(
                new KeyArrived(Origin.of("a"), answer),
                new KeyArrived(Origin.of("b"), answer),
                new KeyArrived(Origin.of("a"), answer));
        assertThat(Events.condensed(keys)).isEqualTo(keys);
    }

    /** Each batch lies in the queue before the next is told: what is left out comes after what was lost is said. */
    @Test
    void whatTheLoopCannotTakeInIsSaidToBeLostOnceAndNeverKept() throws InterruptedException {
        Events events = new Events();
        List<Notification> batch = IntStream.range(0, Events.MOST_NOTIFICATIONS / 2)
                .mapToObj(EventsTest::told)
                .toList();
        for (int i = 0; i < 5; i++) {
            events.kernelTold(batch);
        }
        events.linksChanged();

        List<Event> taken = events.await(Duration.ofSeconds(1));

        assertThat(taken)
                .hasSize(4)
                .startsWith(new KernelTold(batch), new KernelTold(batch))
                .endsWith(new LinksChanged());
        assertThat(((KernelTold) taken.get(2)).notifications())
                .singleElement()
                .satisfies(lost -> assertThat(lost.event()).isInstanceOf(Notification.Lost.class));
        events.kernelTold(batch);
        assertThat(events.await(Duration.ofSeconds(1))).containsExactly(new KernelTold(batch));
    }

    @Test
    void nothingStaysNothing() {
        assertThat(Events.condensed(List.of())).isEmpty();
    }

    private static Notification told(int type) {
        return new Notification(new Notification.Other(type), false);
    }

    private static PlansAre plans(long generation) {
        return new PlansAre(List.of(new Slice(
                "s", "s", generation, new NodePlanSpec("n", List.of(), List.of(), List.of()), Optional.empty())));
    }
}
