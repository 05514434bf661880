package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.KeyGeneration;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.SpiException;
import io.ipsecxdp.crds.TunnelProgress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The KeyShare of another node, as this node has seen it last.
 *
 * @param version its resourceVersion
 * @param changed the resourceVersion at which it last said something that asks for other SAs here
 */
public record PeerShare(KeyShareSpec spec, long version, long changed) {

    public static PeerShare first(KeyShareSpec spec, long version) {
        return new PeerShare(spec, version, version);
    }

    /** What a newer state of the object makes of this one. A node that only says how far it has come asks for nothing. */
    public PeerShare then(KeyShareSpec newer, long newerVersion) {
        return new PeerShare(newer, newerVersion, asks(newer).equals(asks(spec)) ? changed : newerVersion);
    }

    /**
     * Whether the peer's kernel has what this node's share asked for in that version. The peer saw it before it wrote its own
     * share, so what it says to have followed is older than that; where it is not, etcd was restored from a backup meanwhile
     * and the number is one of a history that never was.
     */
    boolean hasFollowed(Optional<Long> published) {
        return reaches(number(spec.followed()), published);
    }

    /** Whether the peer sends by nothing that is older than what this node's share showed in that version. */
    boolean hasReleased(Optional<Long> published) {
        return reaches(number(spec.released()), published);
    }

    private boolean reaches(long said, Optional<Long> published) {
        return published.isPresent() && said < version && said >= published.get();
    }

    static long number(String resourceVersion) {
        return resourceVersion == null ? 0 : Long.parseLong(resourceVersion);
    }

    Optional<TunnelProgress> progress(String tunnel) {
        return spec.tunnels().stream().filter(t -> t.uid().equals(tunnel)).findFirst();
    }

    /** When the newest generation was made. */
    Optional<Instant> newest() {
        return spec.generations().isEmpty()
                ? Optional.empty()
                : Optional.of(Instant.parse(spec.generations().getLast().created()));
    }

    static Set<String> publicKeys(KeyShareSpec share) {
        return share.generations().stream().map(KeyGeneration::publicKey).collect(Collectors.toSet());
    }

    /** The CPUs that have, or are to have, an outbound SA of their own. */
    static Set<Integer> cpus(TunnelProgress progress) {
        return progress.cpus()
                .<Set<Integer>>map(list -> CpuList.parse(list).cpus())
                .orElse(Set.of());
    }

    private record Asks(
            String boot, List<KeyGeneration> generations, Map<String, String> cpus, List<SpiException> exceptions) {}

    private static Asks asks(KeyShareSpec spec) {
        return new Asks(
                spec.boot(),
                spec.generations(),
                spec.tunnels().stream()
                        .collect(Collectors.toMap(
                                TunnelProgress::uid, t -> t.cpus().orElse(""))),
                spec.spiExceptions());
    }
}
