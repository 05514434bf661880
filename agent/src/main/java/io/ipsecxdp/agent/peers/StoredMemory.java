package io.ipsecxdp.agent.peers;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.tunnel.GenerationStore.Content;
import io.ipsecxdp.agent.tunnel.OwnGeneration;
import io.ipsecxdp.agent.tunnel.TunnelMemory;
import io.ipsecxdp.agent.tunnel.TunnelMemory.SendingCpu;
import io.ipsecxdp.agent.tunnel.TunnelSa;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a node remembers of its tunnels, in JSON. No key is in it. */
record StoredMemory(
        Place place,
        List<Generation> generations,
        List<Cpu> cpus,
        Map<String, String> newest,
        List<Unwanted> unwanted,
        Map<String, String> answered) {

    /** What it goes with; beside another boot or ledger it says nothing. */
    record Place(String boot, String ledger) {}

    record Generation(
            String publicKey,
            String created,
            Map<String, String> presharedKeys,
            Long published,
            boolean shown,
            boolean withdrawn) {}

    record Cpu(String tunnel, int cpu, long since) {}

    record Unwanted(String tunnel, String sa, String since) {}

    static StoredMemory of(Content content, Place place) {
        TunnelMemory memory = content.memory();
        Map<String, String> newest = new HashMap<>();
        memory.newest().forEach((peer, made) -> newest.put(peer, made.toString()));
        return new StoredMemory(
                place,
                memory.generations().stream()
                        .map(own -> new Generation(
                                own.publicKey(),
                                own.created().toString(),
                                own.presharedKeys(),
                                own.published().orElse(null),
                                own.shown(),
                                own.withdrawn()))
                        .toList(),
                memory.cpus().entrySet().stream()
                        .map(entry ->
                                new Cpu(entry.getKey().tunnel(), entry.getKey().cpu(), entry.getValue()))
                        .toList(),
                newest,
                memory.unwanted().entrySet().stream()
                        .map(entry -> new Unwanted(
                                entry.getKey().origin().uid(),
                                entry.getKey().origin().child(),
                                entry.getValue().toString()))
                        .toList(),
                content.answered());
    }

    /** Empty if it was made at another place. */
    Optional<Content> at(Place here) {
        if (!here.equals(place)) {
            return Optional.empty();
        }
        Map<SendingCpu, Long> since = new HashMap<>();
        cpus.forEach(one -> since.put(new SendingCpu(one.tunnel(), one.cpu()), one.since()));
        Map<String, Instant> made = new HashMap<>();
        newest.forEach((peer, time) -> made.put(peer, Instant.parse(time)));
        Map<TunnelSa, Instant> drained = new HashMap<>();
        unwanted.forEach(one -> TunnelSa.of(new Origin(one.tunnel(), one.sa()))
                .ifPresent(sa -> drained.put(sa, Instant.parse(one.since()))));
        return Optional.of(new Content(
                new TunnelMemory(
                        generations.stream()
                                .map(own -> new OwnGeneration(
                                        own.publicKey(),
                                        Instant.parse(own.created()),
                                        own.presharedKeys(),
                                        Optional.ofNullable(own.published()),
                                        own.shown(),
                                        own.withdrawn()))
                                .toList(),
                        since,
                        made,
                        drained),
                answered));
    }
}
