package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.crds.KeyGeneration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Generations that are older than the key ledger, as the state folder was lost, and the kernel and tmpfs were not. Their SAs are
 * known again in the kernel; one that is not there may have been, so that its key is not used.
 *
 * @param generations their public values
 * @param newest by uid of the peer, when the newest generation was made that it had shown by then: keys with one that is newer
 *     were certainly not used
 */
public record Inherited(Set<String> generations, Map<String, Instant> newest) {

    public static final Inherited NONE = new Inherited(Set.of(), Map.of());

    public Inherited {
        generations = Set.copyOf(generations);
        newest = Map.copyOf(newest);
    }

    /** All that the node remembers. */
    public static Inherited all(TunnelMemory memory) {
        return new Inherited(
                memory.generations().stream().map(OwnGeneration::publicKey).collect(Collectors.toSet()),
                memory.newest());
    }

    /** Without those that are wiped. */
    Inherited only(Collection<OwnGeneration> own) {
        Set<String> left = own.stream()
                .map(OwnGeneration::publicKey)
                .filter(generations::contains)
                .collect(Collectors.toSet());
        return left.isEmpty() ? NONE : new Inherited(left, newest);
    }

    boolean isEmpty() {
        return generations.isEmpty();
    }

    boolean has(OwnGeneration own) {
        return generations.contains(own.publicKey());
    }

    /** Whether a key with this generation of a peer may have been used. */
    boolean mayHaveUsed(String peer, KeyGeneration theirs) {
        return Optional.ofNullable(newest.get(peer))
                .filter(known -> !Instant.parse(theirs.created()).isAfter(known))
                .isPresent();
    }
}
