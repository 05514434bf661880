package io.ipsecxdp.agent.peers;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.tunnel.GenerationStore.Content;
import io.ipsecxdp.agent.tunnel.Inherited;
import io.ipsecxdp.agent.tunnel.OwnGeneration;
import io.ipsecxdp.agent.tunnel.TunnelMemory;
import io.ipsecxdp.agent.tunnel.TunnelMemory.SendingCpu;
import io.ipsecxdp.agent.tunnel.TunnelSa;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a node remembers of its tunnels, in JSON. No key is in it. */
record StoredMemory(
        Place place,
        List<Generation> generations,
        List<Cpu> cpus,
        Map<String, String> newest,
        List<Unwanted> unwanted,
        Map<String, String> answered,
        Older inherited) {

    /** What it goes with; of another boot it says nothing, and beside another ledger it is what that one does not know. */
    record Place(String boot, String ledger) {}

    record Generation(
            String publicKey,
            String created,
            Map<String, String> presharedKeys,
            Long published,
            boolean shown,
            boolean withdrawn) {}

    record Older(List<String> generations, Map<String, String> newest) {}

    record Cpu(String tunnel, int cpu, long since) {}

    record Unwanted(String tunnel, String sa, String since) {}

    static StoredMemory of(Content content, Place place) {
        TunnelMemory memory = content.memory();
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
                texts(memory.newest()),
                memory.unwanted().entrySet().stream()
                        .map(entry -> new Unwanted(
                                entry.getKey().origin().uid(),
                                entry.getKey().origin().child(),
                                entry.getValue().toString()))
                        .toList(),
                content.answered(),
                new Older(
                        content.inherited().generations().stream().sorted().toList(),
                        texts(content.inherited().newest())));
    }

    private static Map<String, String> texts(Map<String, Instant> times) {
        Map<String, String> texts = new HashMap<>();
        times.forEach((name, time) -> texts.put(name, time.toString()));
        return texts;
    }

    private static Map<String, Instant> times(Map<String, String> texts) {
        Map<String, Instant> times = new HashMap<>();
        texts.forEach((name, text) -> times.put(name, Instant.parse(text)));
        return times;
    }

    /** Empty if it was made in another boot. */
    Optional<Content> at(Place here) {
        if (!here.boot().equals(place.boot())) {
            return Optional.empty();
        }
        TunnelMemory memory = memory();
        return Optional.of(new Content(memory, answered, here.equals(place) ? older() : Inherited.all(memory)));
    }

    private Inherited older() {
        return inherited == null
                ? Inherited.NONE
                : new Inherited(Set.copyOf(inherited.generations()), times(inherited.newest()));
    }

    private TunnelMemory memory() {
        Map<SendingCpu, Long> since = new HashMap<>();
        cpus.forEach(one -> since.put(new SendingCpu(one.tunnel(), one.cpu()), one.since()));
        Map<TunnelSa, Instant> drained = new HashMap<>();
        unwanted.forEach(one -> TunnelSa.of(new Origin(one.tunnel(), one.sa()))
                .ifPresent(sa -> drained.put(sa, Instant.parse(one.since()))));
        return new TunnelMemory(
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
                times(newest),
                drained);
    }
}
