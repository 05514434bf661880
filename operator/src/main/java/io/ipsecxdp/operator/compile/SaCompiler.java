package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What an SA asks of the nodes: outbound at its source, inbound at its destination. */
final class SaCompiler {
    private final Cluster cluster;
    private final InForce inForce;

    SaCompiler(Cluster cluster, InForce inForce) {
        this.cluster = cluster;
        this.inForce = inForce;
    }

    Candidate candidate(Declared<SecurityAssociationSpec> sa) {
        var spec = sa.spec();
        var findings = new ArrayList<>(Validity.of(spec));
        Optional<Addresses> ends = Optional.empty();
        if (findings.isEmpty()) {
            var resolution = new Ends(cluster)
                    .resolve(spec.source(), spec.destination(), Optional.empty(), inForce.addressesOf(sa));
            ends = resolution.addresses();
            findings.addAll(resolution.findings());
            ownerCpu("spec.source", spec.source()).ifPresent(findings::add);
            ownerCpu("spec.destination", spec.destination()).ifPresent(findings::add);
        }
        return new Candidate(
                sa,
                Ends.nodesOf(spec.source(), spec.destination()),
                ends,
                findings.isEmpty() ? entries(sa, ends.orElseThrow()) : List.of(),
                inForce.of(sa),
                Set.of(new Claim.Key(spec.encryption().keySecretRef())),
                findings);
    }

    private Optional<Finding> ownerCpu(String field, SaEnd end) {
        return end.ownerCpu()
                .flatMap(cpu -> cluster.factsOf(end.node())
                        .cpus()
                        .filter(cpus -> !cpus.cpus().contains(cpu))
                        .map(cpus -> Finding.of(
                                Reason.CpuNotOnNode,
                                "node %s has no CPU %d, only %s: declare the SA with one of them as %s.cpu, or without cpu"
                                        .formatted(end.node(), cpu, cpus, field))));
    }

    private static List<Placed> entries(Declared<SecurityAssociationSpec> sa, Addresses ends) {
        var entries = new ArrayList<Placed>();
        sa.spec()
                .source()
                .nodeName()
                .ifPresent(node -> entries.add(
                        entry(sa, ends, node, SaDirection.Out, sa.spec().source())));
        sa.spec()
                .destination()
                .nodeName()
                .ifPresent(node -> entries.add(
                        entry(sa, ends, node, SaDirection.In, sa.spec().destination())));
        return entries;
    }

    private static Placed entry(
            Declared<SecurityAssociationSpec> sa, Addresses ends, String node, SaDirection direction, SaEnd here) {
        var spec = sa.spec();
        return new Placed(
                node,
                new Entry.Sa(new PlannedSa(
                        sa.key().name(),
                        sa.uid(),
                        sa.generation(),
                        direction,
                        ends.source().text(),
                        ends.destination().text(),
                        spec.spi(),
                        spec.mode(),
                        spec.encryption(),
                        spec.reqid(),
                        spec.replayWindow(),
                        spec.esn(),
                        here.cpu())));
    }
}
