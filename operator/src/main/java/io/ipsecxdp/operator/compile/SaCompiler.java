package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.Encryption;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.Integrity;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSaBuilder;
import io.ipsecxdp.crds.PlannedSelector;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import io.ipsecxdp.crds.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What an SA asks of the nodes: outbound at its source, inbound at its destination. */
final class SaCompiler {
    private final CompilerInput input;
    private final ClusterNodes cluster;
    private final InForce inForce;
    private final Set<ObjectKey> stillHeld;

    private SaCompiler(CompilerInput input, Set<ObjectKey> stillHeld) {
        this.input = input;
        this.stillHeld = stillHeld;
        this.cluster = input.cluster();
        this.inForce = input.inForce();
    }

    static DeclaredKind.Compiled compile(CompilerInput input, List<Declared<SecurityAssociationSpec>> sas) {
        var stages = new SaStages(input);
        var lingering = stages.lingering();
        var compiler = new SaCompiler(input, SaStages.objects(lingering));
        var settled = Arbiter.settle(sas.stream().map(compiler::candidate).toList(), lingering);
        settled.replaceAll((key, sa) -> stages.stage(sa));
        return new DeclaredKind.Compiled(settled, lingering);
    }

    private Candidate candidate(Declared<SecurityAssociationSpec> sa) {
        var spec = sa.spec();
        var findings = new ArrayList<>(Validity.of(spec));
        input.sharedKeys().finding(sa).ifPresent(findings::add);
        if (stillHeld.contains(sa.key())) {
            findings.add(Arbiter.stillHeld(sa.key()));
        }
        Optional<EndAddresses> ends = Optional.empty();
        if (findings.isEmpty()) {
            var resolution = input.ends()
                    .resolve(spec.source(), spec.destination(), Optional.empty(), AddressesInForce.of(inForce.of(sa)));
            ends = resolution.addresses();
            findings.addAll(resolution.findings());
            ownerCpu("spec.source", spec.source()).ifPresent(findings::add);
            ownerCpu("spec.destination", spec.destination()).ifPresent(findings::add);
            findings.addAll(CapabilityCheck.lacking(spec, protection(spec), cluster::factsOf));
            ends.flatMap(addresses -> foreignSelector(spec, addresses)).ifPresent(findings::add);
        }
        return new Candidate(
                sa,
                Ends.nodesOf(spec.source(), spec.destination()),
                ends,
                findings.isEmpty() ? entries(sa, ends.orElseThrow()) : List.of(),
                input.sharedKeys().remaining(sa),
                spec.key()
                        .<Set<IdentityClaim>>map(key -> Set.of(new IdentityClaim.Key(key)))
                        .orElse(Set.of()),
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

    /** In transport mode the packets' addresses are the SA's (net/xfrm/xfrm_state.c, __xfrm_init_state). */
    private static Optional<Finding> foreignSelector(SecurityAssociationSpec spec, EndAddresses ends) {
        return spec.selected()
                .filter(selector -> spec.terms().mode() == SaMode.Transport)
                .map(SaCompiler::selector)
                .flatMap(selector -> IpPrefix.parse(selector.source()))
                .map(IpPrefix::family)
                .filter(family -> family != ends.family())
                .map(family -> Finding.of(
                        Reason.MixedFamilies,
                        "spec.selector is %s, and the ends are %s, which mode Transport cannot carry: make both the same, or write mode: Tunnel"
                                .formatted(family, ends.family())));
    }

    private List<Placed> entries(Declared<SecurityAssociationSpec> sa, EndAddresses ends) {
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

    /** An agent that reports of the key itself need not be told. */
    private boolean mustBeTold(Declared<SecurityAssociationSpec> sa, String node) {
        var key = new Entry.Key(sa.key(), "", "");
        boolean isTold = inForce.of(sa).stream()
                .anyMatch(placed -> placed.node().equals(node)
                        && placed.entry() instanceof Entry.Sa(PlannedSa planned)
                        && planned.wasInstalled());
        return input.keys().isUsed(sa.uid(), node)
                && (isTold || input.kernels().reports(node, key, sa.uid()).noneMatch(Report::keyUsed));
    }

    private Placed entry(
            Declared<SecurityAssociationSpec> sa, EndAddresses ends, String node, SaDirection direction, SaEnd here) {
        var spec = sa.spec();
        var other = direction == SaDirection.Out ? spec.destination() : spec.source();
        return new Placed(
                node,
                new Entry.Sa(PlannedSaBuilder.builder()
                        .withName(sa.key().name())
                        .withUid(sa.uid())
                        .withGeneration(sa.generation())
                        .withDirection(direction)
                        .withSource(ends.source().text())
                        .withDestination(ends.destination().text())
                        .withSpi(spec.spi())
                        .withEncryption(protection(spec))
                        .withCpu(here.cpu())
                        .withTerms(spec.terms())
                        .withSelector(spec.selected().map(SaCompiler::selector).orElse(null))
                        .withOffload(here.offload())
                        .withPeer(other.node())
                        .withKeyUsed(mustBeTold(sa, node) ? true : null)
                        .build()));
    }

    private static Protection protection(SecurityAssociationSpec spec) {
        var encryption = spec.encrypted();
        var algorithm = encryption.flatMap(Encryption::transform);
        return new Protection(
                algorithm.orElse(null),
                encryption
                        .flatMap(Encryption::declaredKeyBits)
                        .or(() -> algorithm.map(EncryptionAlgorithm::defaultKeyBits))
                        .filter(bits -> bits > 0)
                        .orElse(null),
                spec.authenticated().flatMap(Integrity::transform).orElse(null),
                spec.key().orElseThrow());
    }

    /** A valid selector of an SA names both prefixes. */
    private static PlannedSelector selector(Selector selector) {
        return Selectors.planned(
                selector,
                selector.sourcePrefix().flatMap(IpPrefix::parse).orElseThrow(),
                selector.destinationPrefix().flatMap(IpPrefix::parse).orElseThrow());
    }
}
