package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.toCollection;

import io.ipsecxdp.crds.End;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.SaDirection;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The addresses that SAs and policies between two ends have in force. What is declared later between the same two, in
 * either direction, takes them as well: a policy finds no SA that has another address than its template
 * ({@code xfrm_state_look_at} in net/xfrm/xfrm_state.c), and a node may list its addresses in another order by then.
 */
final class AddressesInForce {
    private final Map<Set<EndId>, SequencedSet<Pair>> pairs = new HashMap<>();

    /** The SAs first: a policy can change its addresses, an SA with another address is another SA. */
    AddressesInForce(Declarations declared, InForce inForce) {
        declared.of(DeclaredKind.SECURITY_ASSOCIATION).stream()
                .sorted(Declared.BY_AGE)
                .forEach(sa -> add(sa.spec().source(), sa.spec().destination(), Optional.empty(), of(inForce.of(sa))));
        declared.of(DeclaredKind.SECURITY_POLICY).stream()
                .sorted(Declared.BY_AGE)
                .forEach(policy -> add(
                        policy.spec().source(),
                        policy.spec().destination(),
                        PolicyCompiler.familyAskedFor(policy.spec()),
                        PolicyCompiler.addresses(policy.spec(), inForce.of(policy))));
    }

    /** An end, whatever its address: a node by its name, a host outside the cluster by its address. */
    record EndId(boolean isNode, String name) {
        static EndId of(End end) {
            return end.nodeName()
                    .map(node -> new EndId(true, node))
                    .orElseGet(
                            () -> new EndId(false, canonical(end.addressText().orElse(""))));
        }

        private static String canonical(String address) {
            return IpAddress.parse(address).map(IpAddress::text).orElse(address);
        }
    }

    /**
     * Two ends and their addresses.
     *
     * @param given ends whose address was declared with them: nobody else takes that for theirs
     * @param isFree whether nothing asked for an address family
     */
    private record Pair(EndId source, EndId destination, EndAddresses addresses, Set<EndId> given, boolean isFree) {
        IpAddress addressOf(EndId end) {
            return source.equals(end) ? addresses.source() : addresses.destination();
        }
    }

    /** The addresses of two whole ends, best first, that a family which nobody asked for may come from. */
    Stream<EndAddresses> of(End source, End destination, Optional<Family> family) {
        var from = EndId.of(source);
        var to = EndId.of(destination);
        return between(from, to)
                .filter(pair -> pair.isFree() || family.isPresent() || isGiven(source) || isGiven(destination))
                .filter(pair -> isFor(pair, source) && isFor(pair, destination))
                .map(pair -> new EndAddresses(pair.addressOf(from), pair.addressOf(to)));
    }

    /** The addresses of {@code end} alone towards {@code other}, best first. */
    Stream<IpAddress> of(End end, End other) {
        var id = EndId.of(end);
        return between(id, EndId.of(other)).filter(pair -> isFor(pair, end)).map(pair -> pair.addressOf(id));
    }

    private Stream<Pair> between(EndId one, EndId other) {
        return pairs.getOrDefault(Set.copyOf(List.of(one, other)), new LinkedHashSet<>()).stream();
    }

    private static boolean isFor(Pair pair, End end) {
        return isGiven(end) || !pair.given().contains(EndId.of(end));
    }

    private static boolean isGiven(End end) {
        return end.addressText().isPresent();
    }

    private void add(End source, End destination, Optional<Family> asked, Collection<EndAddresses> addresses) {
        var from = EndId.of(source);
        var to = EndId.of(destination);
        var given = Stream.of(source, destination)
                .filter(AddressesInForce::isGiven)
                .map(EndId::of)
                .collect(toCollection(LinkedHashSet::new));
        for (var both : addresses) {
            pairs.computeIfAbsent(Set.copyOf(List.of(from, to)), none -> new LinkedHashSet<>())
                    .add(new Pair(from, to, both, given, given.isEmpty() && asked.isEmpty()));
        }
    }

    /** What the entries of one object were planned with: an end that moves does so first where packets arrive. */
    static List<EndAddresses> of(List<Placed> entries) {
        return entries.stream()
                .map(Placed::entry)
                .sorted(Comparator.comparing(AddressesInForce::leaves))
                .flatMap(entry -> entry.addresses().stream())
                .distinct()
                .toList();
    }

    private static boolean leaves(Entry entry) {
        return switch (entry) {
            case Entry.Sa(PlannedSa sa) -> sa.direction() == SaDirection.Out;
            case Entry.Policy(PlannedPolicy policy) -> policy.direction() == PolicyDirection.Out;
            case Entry.Steering ignored -> false;
            case Entry.OfTunnel ignored -> false;
        };
    }
}
