package io.ipsecxdp.e2e;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociation;
import java.util.ArrayList;
import java.util.List;

/** SAs that a user declares, and replaces by others: declare, wait for Ready, delete the old ones. */
final class ChaosSas implements ChaosSubject {
    private final Cluster cluster;
    private List<SecurityAssociation> sas = List.of();
    private List<SecurityAssociation> next = List.of();
    private int rotations;

    ChaosSas(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public void declare() {
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "chaos", cluster.node(0), cluster.node(1), 2);
        cluster.applyReady(tunnel.objects(), PATIENCE);
        sas = tunnel.sas();
    }

    @Override
    public void beginChange() {
        next = successors();
        cluster.apply(next);
    }

    @Override
    public void awaitBegun(Node away) {
        next.stream()
                .filter(sa -> away.name().equals(sa.getSpec().destination().node()))
                .forEach(sa -> cluster.await(sa, "waiting for its receiver", PATIENCE, ChaosSas::isWaiting));
    }

    @Override
    public void endChange() {
        cluster.awaitReady(next, PATIENCE);
        sas.forEach(sa -> cluster.client().resource(sa).delete());
        sas = next;
    }

    @Override
    public boolean mayBeForgotten() {
        return false;
    }

    /** By hand: how far a key was used is not known after its SA was lost, so the agent does not use it again. */
    @Override
    public void renew(Node node, Runnable loss) {
        loss.run();
        beginChange();
        endChange();
    }

    private static boolean isWaiting(Condition ready) {
        return ready.reason().equals(Reason.WaitsForPeer.name());
    }

    private List<SecurityAssociation> successors() {
        rotations++;
        List<SecurityAssociation> successors = new ArrayList<>();
        for (SecurityAssociation sa : sas) {
            SaEnd source = sa.getSpec().source();
            SaEnd destination = sa.getSpec().destination();
            successors.add(DeclaredTunnel.sa(
                    cluster.keys(),
                    "chaos-%d-%d".formatted(rotations, successors.size()),
                    source,
                    destination,
                    SaMode.Tunnel,
                    sa.getSpec().terms().reqid()));
        }
        return List.copyOf(successors);
    }
}
