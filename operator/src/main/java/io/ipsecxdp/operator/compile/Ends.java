package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.End;
import io.ipsecxdp.crds.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Resolves the two ends of an SA or of a flow to addresses. */
final class Ends {
    private final ClusterNodes cluster;
    private final AddressesInForce inForce;

    Ends(ClusterNodes cluster, AddressesInForce inForce) {
        this.cluster = cluster;
        this.inForce = inForce;
    }

    /** The nodes that the ends name, whether or not they exist. */
    static SortedSet<String> nodesOf(End source, End destination) {
        var nodes = new TreeSet<String>();
        source.nodeName().ifPresent(nodes::add);
        destination.nodeName().ifPresent(nodes::add);
        return nodes;
    }

    /**
     * The addresses of two valid ends. What is in force between the two goes before the order in which a node lists its
     * addresses, as long as the node still has it: an address that a node gains moves nothing, and the SAs and policies
     * of a flow have the same addresses whenever they were declared.
     *
     * @param family the family that they must have, if it matters
     * @param own the addresses that stay whatever others have, best first
     */
    Resolution resolve(End source, End destination, Optional<Family> family, List<EndAddresses> own) {
        var sources = candidates("spec.source", source);
        var destinations = candidates("spec.destination", destination);
        var findings = new ArrayList<>(sources.findings());
        findings.addAll(destinations.findings());
        if (!findings.isEmpty()) {
            return Resolution.unresolved(findings);
        }
        var chosen = Stream.concat(own.stream(), inForce.of(source, destination, family))
                .filter(addresses -> sources.addresses().contains(addresses.source())
                        && destinations.addresses().contains(addresses.destination())
                        && family.map(addresses.family()::equals).orElse(true))
                .findFirst()
                .or(() -> choose(
                        sources.preferring(inForce.of(source, destination)),
                        destinations.preferring(inForce.of(destination, source)),
                        family));
        if (chosen.isEmpty()) {
            return Resolution.unresolved(noCommonFamily(source, destination, sources, destinations, family));
        }
        if (chosen.get().source().equals(chosen.get().destination())) {
            return Resolution.unresolved(Finding.of(
                    Reason.SameEnds,
                    "both ends are %s: give spec.source or spec.destination another node or address"
                            .formatted(chosen.get().source())));
        }
        return Resolution.resolved(chosen.get());
    }

    /** The addresses that an end may have, best first, or why it has none. */
    private record Candidates(List<IpAddress> addresses, List<Finding> findings) {
        static Candidates of(List<IpAddress> addresses) {
            return new Candidates(addresses, List.of());
        }

        static Candidates none(Reason reason, String message) {
            return new Candidates(List.of(), List.of(Finding.of(reason, message)));
        }

        /** The same, with those of {@code preferred} that are among them in front. */
        Candidates preferring(Stream<IpAddress> preferred) {
            return new Candidates(
                    Stream.concat(preferred.filter(addresses::contains), addresses.stream())
                            .distinct()
                            .toList(),
                    findings);
        }

        Optional<IpAddress> firstOf(Family family) {
            return addresses.stream()
                    .filter(address -> address.family() == family)
                    .findFirst();
        }

        boolean has(Family family) {
            return firstOf(family).isPresent();
        }
    }

    private Candidates candidates(String field, End end) {
        var address = end.addressText().flatMap(IpAddress::parse);
        return end.nodeName()
                .map(node -> ofNode(field, node, address))
                .orElseGet(() -> address.map(ip -> ofOutside(field, ip)).orElseThrow());
    }

    private Candidates ofNode(String field, String name, Optional<IpAddress> address) {
        var found = cluster.node(name);
        if (found.isEmpty()) {
            return Candidates.none(
                    Reason.NodeNotFound,
                    "there is no node %s: put the name of a cluster node (kubectl get nodes) in %s.node"
                            .formatted(name, field));
        }
        var node = found.get();
        if (address.isPresent()) {
            return ofNodeWithAddress(field, node, address.get());
        }
        if (node.internalAddresses().isEmpty()) {
            return Candidates.none(
                    Reason.NoAddressOfFamily,
                    "node %s has no InternalIP in its status: wait for its kubelet to report one, or put one of its addresses in %s.address"
                            .formatted(name, field));
        }
        return Candidates.of(node.internalAddresses());
    }

    private Candidates ofNodeWithAddress(String field, ClusterNode node, IpAddress address) {
        if (cluster.addressesOf(node).contains(address)) {
            return Candidates.of(List.of(address));
        }
        if (cluster.factsOf(node.name()).addresses().isEmpty()) {
            return Candidates.none(
                    Reason.AgentNotReporting,
                    "whether node %s has the address %s (%s.address) is not known, for its agent has not reported the node's interfaces: check the ipsec-xdp-agent pod on that node"
                            .formatted(node.name(), address, field));
        }
        String remedy = cluster.ownerOf(address)
                .map(owner -> "it is node %s's; write %s.node: %s, or remove %s.address to use node %s's InternalIP"
                        .formatted(owner, field, owner, field, node.name()))
                .orElse("write one that it has, or remove %s.address to use its InternalIP".formatted(field));
        return Candidates.none(
                Reason.AddressNotOnNode,
                "node %s does not have the address %s: %s".formatted(node.name(), address, remedy));
    }

    private Candidates ofOutside(String field, IpAddress address) {
        return cluster.ownerOf(address)
                .map(owner -> Candidates.none(
                        Reason.AddressOfNode,
                        "%s.address %s is an address of node %s, and an address alone stands for a host outside the cluster: write node: %s beside it"
                                .formatted(field, address, owner, owner)))
                .orElseGet(() -> Candidates.of(List.of(address)));
    }

    private static Optional<EndAddresses> choose(Candidates sources, Candidates destinations, Optional<Family> wanted) {
        var families = wanted.map(List::of).orElse(List.of(Family.IPV4, Family.IPV6));
        for (Family family : families) {
            var source = sources.firstOf(family);
            var destination = destinations.firstOf(family);
            if (source.isPresent() && destination.isPresent()) {
                return Optional.of(new EndAddresses(source.get(), destination.get()));
            }
        }
        return Optional.empty();
    }

    private static Finding noCommonFamily(
            End source, End destination, Candidates sources, Candidates destinations, Optional<Family> wanted) {
        if (wanted.isPresent()) {
            boolean atSource = !sources.has(wanted.get());
            return lacking(
                    atSource ? source : destination,
                    atSource ? "spec.source" : "spec.destination",
                    wanted.get(),
                    "as the selector asks");
        }
        boolean sourceIsGiven = source.addressText().isPresent();
        boolean destinationIsGiven = destination.addressText().isPresent();
        if (sourceIsGiven != destinationIsGiven) {
            var given = (sourceIsGiven ? sources : destinations).addresses().getFirst();
            return lacking(
                    sourceIsGiven ? destination : source,
                    sourceIsGiven ? "spec.destination" : "spec.source",
                    given.family(),
                    "as the other end %s is".formatted(given));
        }
        return Finding.of(
                Reason.MixedFamilies,
                "spec.source is %s and spec.destination is %s: give both ends addresses of the same family"
                        .formatted(
                                sources.addresses().getFirst().family(),
                                destinations.addresses().getFirst().family()));
    }

    private static Finding lacking(End end, String field, Family family, String why) {
        if (end.addressText().isPresent()) {
            return Finding.of(
                    Reason.MixedFamilies,
                    "%s.address %s is not %s, %s: give it an address of that family"
                            .formatted(field, end.address(), family, why));
        }
        return Finding.of(
                Reason.NoAddressOfFamily,
                "node %s has no InternalIP that is %s, %s: put an %s address of that node in %s.address"
                        .formatted(end.node(), family, why, family, field));
    }
}
