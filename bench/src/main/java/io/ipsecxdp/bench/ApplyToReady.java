package io.ipsecxdp.bench;

import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.e2e.Await;
import io.ipsecxdp.e2e.Cluster;
import io.ipsecxdp.e2e.DeclaredTunnel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/** How long it takes from the apply of an SA until both nodes have it and it says so. */
final class ApplyToReady implements Measurement {
    private static final int APPLIES = 50;
    private static final int ROTATIONS = 10;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    private static final long REQID = 0x3000_0000L;

    @Override
    public String id() {
        return "apply";
    }

    @Override
    public String what() {
        return "from apply of an SA to Ready on both nodes";
    }

    @Override
    public String method() {
        return """
                Two agents in a guest and an operator on the machine itself. One SA at a time is applied, 50 in all, and a watch waits for its condition
                Ready. The first apply after the start is not counted: it takes about 5 s, because the JVMs have done nothing yet.

                Then the last SA is rotated: its successor is applied, and when that is Ready the SA is deleted. The rotation is complete when neither SAD has
                the old one, which is looked at ten times a second. An SA that is deleted stays for 5 s, should a policy need it that is deleted with it.
                """;
    }

    @Override
    public List<Figure> measure(Labs labs) {
        Cluster cluster = labs.cluster();
        List<SecurityAssociation> sas = IntStream.rangeClosed(0, APPLIES + ROTATIONS)
                .mapToObj(i -> DeclaredTunnel.sa(
                        cluster.keys(),
                        "bench-" + i,
                        new SaEnd("n1", null, null, null),
                        new SaEnd("n2", null, null, null),
                        SaMode.Tunnel,
                        REQID))
                .toList();
        Series milliseconds = new Series(sas.subList(0, APPLIES + 1).stream()
                .map(sa -> untilReady(cluster, sa).toNanos() / 1e6)
                // The first finds JVMs that have done nothing yet
                .skip(1)
                .toList());
        Series rotations = new Series(IntStream.range(APPLIES, APPLIES + ROTATIONS)
                .mapToObj(i -> rotated(cluster, sas.get(i), sas.get(i + 1)).toNanos() / 1e6)
                .toList());
        String machine = cluster.lab().kernel().machine();
        return List.of(
                Figure.of("apply-ready-p50", what() + ", median", "ms", milliseconds, milliseconds.median())
                        .on(machine),
                Figure.of(
                                "apply-ready-p99",
                                what() + ", 99th percentile",
                                "ms",
                                milliseconds,
                                milliseconds.percentile(99))
                        .on(machine),
                Figure.of(
                                "rotation-p50",
                                "from apply of a successor until neither node has the SA before it, median",
                                "ms",
                                rotations,
                                rotations.median())
                        .on(machine));
    }

    private static Duration rotated(Cluster cluster, SecurityAssociation old, SecurityAssociation next) {
        String spi = "spi 0x%08x"
                .formatted(cluster.client().resource(old).get().getSpec().spi());
        long begun = System.nanoTime();
        untilReady(cluster, next);
        cluster.client().resource(old).delete();
        while (cluster.lab().nodes().stream()
                .anyMatch(node -> node.script("ip xfrm state list nokeys").contains(spi))) {
            Await.pause(LOOK_AGAIN);
        }
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    private static Duration untilReady(Cluster cluster, SecurityAssociation sa) {
        var ready = new CompletableFuture<Long>();
        var watcher = new Watcher<SecurityAssociation>() {
            @Override
            public void eventReceived(Action action, SecurityAssociation seen) {
                boolean isReady = seen.getStatus() != null
                        && seen.getStatus().conditions().stream()
                                .anyMatch(condition -> condition.type().equals(Condition.READY)
                                        && condition.status() == Condition.Status.True);
                if (isReady) {
                    ready.complete(System.nanoTime());
                }
            }

            @Override
            public void onClose(WatcherException cause) {
                ready.completeExceptionally(cause);
            }
        };
        Watch watch = cluster.client()
                .resources(SecurityAssociation.class)
                .withName(sa.getMetadata().getName())
                .watch(watcher);
        try {
            long begun = System.nanoTime();
            cluster.client().resource(sa).create();
            return Duration.ofNanos(ready.get(Cluster.PATIENCE.toSeconds(), TimeUnit.SECONDS) - begun);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(
                    sa.getMetadata().getName() + " did not become Ready; " + cluster.tails(), e);
        } finally {
            watch.close();
        }
    }
}
