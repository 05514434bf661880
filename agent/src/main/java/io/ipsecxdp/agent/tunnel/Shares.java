package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelProgress;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The KeyShares of the others, from one state to the next. What a node says that makes no sense counts as not said. For one thread. */
final class Shares {
    /** No node has SAs for more of a peer's CPUs, whatever that one says. */
    private static final int MOST_CPUS = 256;

    private final Map<String, PeerShare> known = new HashMap<>();
    private final Map<String, String> nonsense = new TreeMap<>();
    /** Public values with which keys can be agreed; to find that out takes a calculation. */
    private final Set<String> sound = new HashSet<>();

    void hear(Heard heard) {
        nonsense.clear();
        Set<String> values = new HashSet<>();
        heard.shares().forEach((node, said) -> {
            said.spec().generations().forEach(generation -> values.add(generation.publicKey()));
            PeerShare before = known.get(node);
            if (before != null && before.version() == said.version()) {
                return;
            }
            Optional<String> problem = problem(said.spec());
            problem.ifPresentOrElse(
                    why -> nonsense.put(node, why),
                    () -> known.put(
                            node,
                            before == null
                                    ? PeerShare.first(said.spec(), said.version())
                                    : before.then(said.spec(), said.version())));
        });
        known.keySet().retainAll(heard.shares().keySet());
        sound.retainAll(values);
    }

    /** Of the nodes of these tunnels, by uid. A KeyShare is the node's whose name it has, and no other's. */
    Map<String, PeerShare> of(Collection<Membership> tunnels) {
        Map<String, PeerShare> shares = new HashMap<>();
        tunnels.stream()
                .flatMap(tunnel -> tunnel.others().stream())
                .forEach(peer -> share(peer).ifPresent(share -> shares.put(peer.uid(), share)));
        return shares;
    }

    private Optional<PeerShare> share(TunnelPeer peer) {
        return Optional.ofNullable(known.get(peer.node()))
                .filter(share -> share.spec().nodeUid().equals(peer.uid()));
    }

    /** By node, why what it says makes no sense. */
    Map<String, String> nonsense() {
        return Map.copyOf(nonsense);
    }

    private Optional<String> problem(KeyShareSpec share) {
        try {
            PeerShare.number(share.followed());
            PeerShare.number(share.released());
            for (TunnelProgress progress : share.tunnels()) {
                int cpus = progress.cpus()
                        .map(CpuList::parse)
                        .map(list -> list.cpus().size())
                        .orElse(0);
                if (cpus > MOST_CPUS) {
                    return Optional.of("it names %d CPUs, and at most %d are possible".formatted(cpus, MOST_CPUS));
                }
            }
            List<String> names =
                    share.tunnels().stream().map(TunnelProgress::uid).toList();
            if (Set.copyOf(names).size() < names.size()) {
                return Optional.of("it names a tunnel twice");
            }
            for (KeyGeneration generation : share.generations()) {
                Instant.parse(generation.created());
                if (!isSound(generation.publicKey())) {
                    return Optional.of("it shows what is no public value of X25519");
                }
            }
            return Optional.empty();
        } catch (IllegalArgumentException | DateTimeException e) {
            return Optional.of(e.getMessage());
        }
    }

    private boolean isSound(String publicValue) {
        if (!sound.contains(publicValue) && PrivateValues.isPublicValue(publicValue)) {
            sound.add(publicValue);
        }
        return sound.contains(publicValue);
    }
}
