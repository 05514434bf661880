package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.SpiException;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Which of the SPIs that the keys yield an SA has: the first, and another one where that was taken at the receiver. The receiver
 * chooses, and its KeyShare says so together with what makes a sender use the SA. For one thread.
 */
final class Spis {
    /** So many are tried; that all are taken by chance does not happen. */
    private static final int ATTEMPTS = 64;

    private final PrivateValues values;
    /** Of inbound SAs in the kernel, once each: to find it out takes a calculation. */
    private final Map<TunnelSa, Integer> attempts = new HashMap<>();

    Spis(PrivateValues values) {
        this.values = values;
    }

    /**
     * The place of an SA that this node does not have yet.
     *
     * @param taken places that somebody has, or is to have
     * @return empty if the private value is not there, or nothing is free
     */
    Optional<SaId> place(TunnelSa sa, PairTraffic pair, TunnelInput in, TunnelMemory memory, Set<SaId> taken) {
        if (sa.outbound()) {
            return place(
                    sa, pair, in.self(), memory, told(sa, in.share(pair.peer()).map(PeerShare::spec)));
        }
        return IntStream.range(0, ATTEMPTS)
                .mapToObj(attempt -> place(sa, pair, in.self(), memory, attempt))
                .flatMap(Optional::stream)
                .filter(place -> !taken.contains(place))
                .findFirst();
    }

    /** The place of an SA by the attempt that its receiver tells. */
    Optional<SaId> place(TunnelSa sa, PairTraffic pair, TunnelInput.Self self, TunnelMemory memory, int attempt) {
        return pair.outer()
                .flatMap(outer -> values.spi(
                                sa,
                                self.uid(),
                                TunnelEntries.cipher(pair.tunnel().planned()),
                                TunnelEntries.presharedKey(sa, memory),
                                attempt)
                        .map(spi -> SaId.esp(IpLiterals.parse(sa.outbound() ? outer.remote() : outer.local()), spi)));
    }

    /** What the receiver of an SA tells of it: its number among the SPIs that the keys yield. */
    static int told(TunnelSa sa, Optional<KeyShareSpec> receiver) {
        return receiver.stream()
                .flatMap(share -> share.spiExceptions().stream())
                .filter(exception -> exception.tunnel().equals(sa.pair().tunnel())
                        && exception.sender().equals(sa.outbound() ? sa.own() : sa.theirs())
                        && exception.receiver().equals(sa.outbound() ? sa.theirs() : sa.own())
                        && Optional.ofNullable(exception.cpu()).equals(sa.cpu()))
                .mapToInt(SpiException::attempt)
                .filter(attempt -> attempt > 0 && attempt < ATTEMPTS)
                .findFirst()
                .orElse(0);
    }

    /** What is to be told of the inbound SAs in the kernel. */
    List<SpiException> exceptions(
            Collection<Membership> tunnels,
            TunnelInput.Self self,
            TunnelMemory memory,
            Map<TunnelSa, ObservedSa> kernel) {
        attempts.keySet().retainAll(kernel.keySet());
        Map<TunnelPair, PairTraffic> pairs = PairTraffic.of(tunnels);
        kernel.forEach((sa, there) -> {
            if (sa.direction() == SaDir.IN && !attempts.containsKey(sa)) {
                Optional.ofNullable(pairs.get(sa.pair()))
                        .flatMap(pair -> IntStream.range(0, ATTEMPTS)
                                .boxed()
                                .filter(attempt ->
                                        place(sa, pair, self, memory, attempt).equals(Optional.of(there.id())))
                                .findFirst())
                        .ifPresent(attempt -> attempts.put(sa, attempt));
            }
        });
        return attempts.entrySet().stream()
                .filter(entry -> entry.getValue() > 0)
                .sorted(Comparator.comparing(entry -> entry.getKey().origin().toString()))
                .map(entry -> new SpiException(
                        entry.getKey().pair().tunnel(),
                        entry.getKey().theirs(),
                        entry.getKey().own(),
                        entry.getKey().cpu().orElse(null),
                        entry.getValue()))
                .toList();
    }
}
