package io.ipsecxdp.operator.rollup;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.Condition.Status;
import io.ipsecxdp.crds.TunnelStatus;
import io.ipsecxdp.operator.compile.DeclaredKind;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.ipsecxdp.operator.compile.TunnelWorld;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a Tunnel says of itself. */
class TunnelStatusTest {
    private static final String MESH = "{ends: [{nodeSelector: {}}], traffic: {pods: {}}%s}";

    private static TunnelWorld three() {
        return new TunnelWorld().node("n1").node("n2").node("n3").tunnel("pods", MESH.formatted(""));
    }

    private static TunnelStatus status(TunnelWorld world) {
        return (TunnelStatus) RollUp.rollUp(world.snapshot(), world.compile(), Map.of())
                .get(new ObjectKey(DeclaredKind.TUNNEL, "pods"));
    }

    private static Condition ready(TunnelStatus status) {
        return RollUp.ready(status).orElseThrow();
    }

    @Test
    void itSaysHowManyPairsAreInForceHowOldTheOldestKeyIsAndWhatFits() {
        var status = status(three().settles());

        assertThat(status.pairs()).isEqualTo("3/3");
        assertThat(status.oldestKey()).isEqualTo("2026-01-01T11:01:00Z");
        assertThat(status.mtu()).isEqualTo(1401);
        assertThat(status.desiredNodes()).isEqualTo(3);
        assertThat(status.readyNodes()).isEqualTo(3);
        assertThat(ready(status).status()).isEqualTo(Status.True);
    }

    @Test
    void beforeAnAgentReportsNoPairIsInForce() {
        var status = status(three());

        assertThat(status.pairs()).isEqualTo("0/3");
        assertThat(status.oldestKey()).isNull();
        assertThat(ready(status).status()).isEqualTo(Status.False);
        assertThat(ready(status).reason()).isEqualTo("Installing");
    }

    @Test
    void whoIsSilentSpeaksForNoPair() {
        var status = status(three().settles().falls("n3"));

        assertThat(status.pairs()).isEqualTo("2/3");
        assertThat(ready(status).status()).isEqualTo(Status.Unknown);
        assertThat(ready(status).message()).contains("n3");
    }

    @Test
    void pausedIsStalledAndNotDegraded() {
        var status = status(three().settles()
                .tunnel("pods", MESH.formatted(", paused: true"))
                .settles());

        assertThat(ready(status).reason()).isEqualTo("Paused");
        assertThat(ready(status).message()).doesNotContain("what was planned before");
        assertThat(status.conditions())
                .extracting(condition -> condition.type() + "=" + condition.status())
                .containsExactly("Ready=False", "Reconciling=False", "Stalled=True", "Degraded=False");
        assertThat(status.pairs()).isEqualTo("0/0");
    }
}
