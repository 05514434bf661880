package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes never change at one moment, and lose nothing: 500 numbered packets per second each way. */
@OnCluster
class OrderIT {
    private static final int PER_SECOND = 500;
    private static final int ROTATIONS = 10;
    private static final int TIMES_ON_AND_OFF = 3;
    private static final int PORT = 5_300;

    /** Longer than anything that goes on after a condition is right. */
    private static final Duration AFTERMATH = Duration.ofSeconds(2);

    private Cluster cluster;
    private DeclaredTunnel tunnel;

    @BeforeEach
    void tunnelWithoutPolicies(Cluster given) {
        cluster = given;
        tunnel = DeclaredTunnel.make(cluster.keys(), "order", cluster.node(0), cluster.node(1), 0);
        cluster.applyReady(tunnel.sas());
        cluster.warmUp();
    }

    @Test
    void aSuccessorWaitsForAReceiverWhoseAgentIsStoppedAndSaysSo() {
        cluster.applyReady(tunnel.policies());
        assertNothingIsLostWhile(() -> {
            cluster.agent(1).terminate();
            SecurityAssociation successor = successorOf(tunnel.sas().getFirst(), 0);
            cluster.apply(List.of(successor));
            Condition condition = cluster.await(
                    successor,
                    "waiting for the other node",
                    ready -> ready.reason().equals(Reason.WaitsForPeer.name()));
            assertThat(condition.status()).isEqualTo(Condition.Status.False);
            assertThat(condition.message()).contains(cluster.node(1).name());
            Await.pause(AFTERMATH);
            cluster.agent(1).startAgain();
            cluster.agent(1).awaitReady();
            cluster.awaitReady(List.of(successor));
        });
    }

    @Test
    void rotationsLoseNothing() {
        cluster.applyReady(tunnel.policies());
        assertNothingIsLostWhile(() -> {
            List<SecurityAssociation> present = tunnel.sas();
            for (int rotation = 1; rotation <= ROTATIONS; rotation++) {
                List<SecurityAssociation> next = new ArrayList<>();
                for (SecurityAssociation sa : present) {
                    next.add(successorOf(sa, rotation));
                }
                cluster.applyReady(next);
                present.forEach(sa -> cluster.client().resource(sa).delete());
                present = next;
            }
        });
    }

    @Test
    void policiesComeAndGoUnderTrafficInTheClear() {
        assertNothingIsLostWhile(() -> {
            for (int time = 0; time < TIMES_ON_AND_OFF; time++) {
                cluster.applyReady(tunnel.policies());
                Await.pause(AFTERMATH);
                tunnel.policies()
                        .forEach(policy -> cluster.client().resource(policy).delete());
                Await.pause(AFTERMATH);
            }
        });
    }

    /** One object after the other, the SAs first, as the API server is told. */
    @Test
    void policiesAndTheirSasComeAndGoAtOnce() {
        tunnel.sas().forEach(sa -> cluster.client().resource(sa).delete());
        Await.pause(AFTERMATH);
        assertNothingIsLostWhile(() -> {
            for (int time = 0; time < TIMES_ON_AND_OFF; time++) {
                DeclaredTunnel whole =
                        DeclaredTunnel.make(cluster.keys(), "whole-" + time, cluster.node(0), cluster.node(1), 0);
                cluster.applyReady(whole.objects());
                Await.pause(AFTERMATH);
                whole.objects()
                        .forEach(object -> cluster.client().resource(object).delete());
                Await.pause(AFTERMATH);
            }
        });
    }

    /** Sender and receiver change to SAs of another reqid, and the old ones are deleted at the same time. */
    @Test
    void policiesChangeTheirSas() {
        cluster.applyReady(tunnel.policies());
        assertNothingIsLostWhile(() -> {
            DeclaredTunnel other = DeclaredTunnel.make(cluster.keys(), "other", cluster.node(0), cluster.node(1), 0);
            cluster.apply(other.sas());
            List<SecurityPolicy> changed = new ArrayList<>();
            for (int i = 0; i < tunnel.policies().size(); i++) {
                SecurityPolicy policy = new SecurityPolicy();
                policy.setMetadata(new ObjectMetaBuilder()
                        .withName(tunnel.policies().get(i).getMetadata().getName())
                        .build());
                policy.setSpec(other.policies().get(i).getSpec());
                changed.add(policy);
            }
            cluster.apply(changed);
            tunnel.sas().forEach(sa -> cluster.client().resource(sa).delete());
            cluster.awaitReady(other.sas());
            cluster.awaitReady(changed);
        });
    }

    private SecurityAssociation successorOf(SecurityAssociation sa, int number) {
        SaEnd source = sa.getSpec().source();
        SaEnd destination = sa.getSpec().destination();
        return DeclaredTunnel.sa(
                cluster.keys(),
                "order-%s-%s-%d".formatted(source.node(), destination.node(), number),
                source,
                destination,
                SaMode.Tunnel,
                sa.getSpec().terms().reqid());
    }

    private void assertNothingIsLostWhile(Runnable happening) {
        try (Flow.Running flow = Flow.endless(cluster.node(0), cluster.node(1), PORT, PER_SECOND)
                .start(cluster.lab().daemons())) {
            happening.run();
            Await.pause(AFTERMATH);
            Flow.Report report = flow.end();
            assertThat(report.lost()).as(report.toString()).isZero();
            assertThat(report.duplicates()).isZero();
            assertThat(report.sent()).isGreaterThan(PER_SECOND);
        }
    }
}
