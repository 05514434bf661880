package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.TunnelProgress;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the node remembers from round to round, and over a restart of the agent; a reboot forgets it.
 *
 * @param generations its key pairs, the newest last
 * @param cpus by tunnel and CPU, the resourceVersion of the KeyShare that first named the CPU as one that sends
 * @param newest by uid of the peer, when the newest generation was made that it ever showed
 * @param unwanted inbound SAs that nobody sends by any more, and since when
 */
public record TunnelMemory(
        List<OwnGeneration> generations,
        Map<SendingCpu, Long> cpus,
        Map<String, Instant> newest,
        Map<TunnelSa, Instant> unwanted) {

    /** A CPU that has, or is to have, an outbound SA of its own in a tunnel. */
    public record SendingCpu(String tunnel, int cpu) {}

    /** The KeyShare that named a CPU is lost: no peer has followed one that does. */
    static final long NOT_SHOWN = Long.MAX_VALUE;

    public static final TunnelMemory EMPTY = new TunnelMemory(List.of(), Map.of(), Map.of(), Map.of());

    public TunnelMemory {
        generations = List.copyOf(generations);
        cpus = Map.copyOf(cpus);
        newest = Map.copyOf(newest);
        unwanted = Map.copyOf(unwanted);
    }

    /** With one more generation, made just now. */
    public TunnelMemory with(OwnGeneration made) {
        return new TunnelMemory(
                Stream.concat(generations.stream(), Stream.of(made)).toList(), cpus, newest, unwanted);
    }

    /**
     * The API server has a share of this node, with that resourceVersion: so what it shows was first shown then or before. A
     * number that is higher is from an agent that was killed before it had the answer, or of a history that etcd lost.
     */
    public TunnelMemory wrote(KeyShareSpec share, long version) {
        Set<String> shown = PeerShare.publicKeys(share);
        Map<SendingCpu, Long> since = new HashMap<>(cpus);
        for (TunnelProgress progress : share.tunnels()) {
            for (int cpu : PeerShare.cpus(progress)) {
                SendingCpu sending = new SendingCpu(progress.uid(), cpu);
                since.put(sending, Math.min(version, cpus.getOrDefault(sending, version)));
            }
        }
        return new TunnelMemory(
                generations.stream()
                        .map(own -> shown.contains(own.publicKey())
                                ? own.publishedAt(
                                        Math.min(version, own.published().orElse(version)))
                                : own)
                        .toList(),
                since,
                newest,
                unwanted);
    }
}
