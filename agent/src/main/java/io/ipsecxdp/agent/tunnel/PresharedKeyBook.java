package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.secrets.PresharedKeys;
import io.ipsecxdp.agent.tunnel.PrivateValues.PresharedKeyName;
import io.ipsecxdp.crds.PlannedTunnel;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which pre-shared keys this node has, of the tunnels that have one. For one thread. */
final class PresharedKeyBook {

    /** A Secret that was changed is noticed so late: it is not watched. */
    private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

    /** One that is not there yet is looked for more often. */
    private static final Duration TRY_AGAIN = Duration.ofSeconds(5);

    private final PrivateValues values;
    private final PeerLink link;
    private final Map<String, Instant> asked = new HashMap<>();
    /** By uid of the tunnel. */
    private final Map<String, String> versions = new HashMap<>();

    private final Map<String, PresharedKeys.NoKey> problems = new HashMap<>();

    PresharedKeyBook(PrivateValues values, PeerLink link) {
        this.values = values;
        this.link = link;
    }

    void ask(Collection<PlannedTunnel> planned, Instant now) {
        for (PlannedTunnel tunnel : planned) {
            tunnel.presharedKeyRef().ifPresent(ref -> {
                Duration pause = problems.containsKey(tunnel.uid()) ? TRY_AGAIN : LOOK_AGAIN;
                if (!asked.getOrDefault(tunnel.uid(), Instant.MIN).plus(pause).isAfter(now)) {
                    asked.put(tunnel.uid(), now);
                    link.read(tunnel.uid(), ref);
                }
            });
        }
        Set<String> uids = new HashSet<>();
        planned.forEach(tunnel -> uids.add(tunnel.uid()));
        asked.keySet().retainAll(uids);
        versions.keySet().retainAll(uids);
        problems.keySet().retainAll(uids);
    }

    /** One that cannot be read any more goes on to be what it was. */
    void arrived(String tunnel, PresharedKeys.Answer answer) {
        switch (answer) {
            case PresharedKeys.Key(String version, var key) -> {
                if (asked.containsKey(tunnel)) {
                    problems.remove(tunnel);
                    versions.put(tunnel, version);
                    values.addPresharedKey(new PresharedKeyName(tunnel, version), key);
                } else {
                    key.close();
                }
            }
            case PresharedKeys.NoKey problem -> problems.put(tunnel, problem);
        }
    }

    /** By uid of the tunnel. */
    Map<String, String> versions() {
        return Map.copyOf(versions);
    }

    /** Wipes those that no generation goes with. */
    void keepFor(List<OwnGeneration> generations) {
        Set<PresharedKeyName> needed = new HashSet<>();
        versions.forEach((tunnel, version) -> needed.add(new PresharedKeyName(tunnel, version)));
        generations.forEach(own ->
                own.presharedKeys().forEach((tunnel, version) -> needed.add(new PresharedKeyName(tunnel, version))));
        values.keepPresharedKeys(needed);
    }

    /** Why the node has none of the tunnel's; empty if it has, or needs none. */
    Optional<EntryStatus> lack(PlannedTunnel tunnel) {
        if (tunnel.presharedKeyRef().isEmpty() || versions.containsKey(tunnel.uid())) {
            return Optional.empty();
        }
        return Optional.ofNullable(problems.get(tunnel.uid()))
                .map(problem -> EntryStatus.failed(problem.reason(), problem.message()))
                .or(() -> Optional.of(EntryStatus.pending("Its pre-shared key is being read.")));
    }
}
