package io.ipsecxdp.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.crds.NodePlanStatus;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CostOfSeeingTest {

    @TempDir
    private Path folder;

    private final AtomicReference<Optional<StatusUpdate>> latest = new AtomicReference<>(Optional.empty());

    private StatusUpdate told(BusyNode node, Predicate<StatusUpdate> expected) {
        node.await(() -> latest.get().filter(expected).isPresent());
        return latest.get().orElseThrow();
    }

    @Test
    void theReportOfAnAgentUnderTrafficEqualsThatOfAnIdleOne() {
        try (BusyNode node = new BusyNode(folder.resolve("state"), news -> latest.set(Optional.of(news)))) {
            Slice slice = new Slice("s", "uid-s", 1, BusyNode.plan(), Optional.empty());
            node.events.plansAre(List.of(slice));
            StatusUpdate idle = told(node, BusyNode::isInForce);
            NodePlanStatus before = idle.report().status(slice, Optional.empty(), node.clock.instant());
            assertThat(BusyNode.packets(idle)).isZero();

            node.traffic(1_000);
            node.minute();
            StatusUpdate busy = told(node, news -> BusyNode.packets(news) > 0);

            assertThat(busy.report()).isEqualTo(idle.report());
            assertThat(busy.report().status(slice, Optional.of(before), node.clock.instant()))
                    .isEqualTo(before);
        }
    }
}
