package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import java.util.Optional;

/**
 * How far a node is with the pairs of one tunnel: two numbers, and the names of the few for which they do not hold. The numbers
 * are revisions of the nodes' entries in the TunnelPeers, see {@link TunnelPeer}.
 *
 * <p>Between nodes the same order holds as in decision 0027: a receiver first takes what is protected as well as what is not,
 * then the sender protects, then the receiver requires it; and the other way round to take it off.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TunnelProgress(
        @Required @JsonPropertyDescription("Uid of the Tunnel.")
        String uid,

        @JsonPropertyDescription(
                "The CPUs of the node that have an outbound SA of their own, at most perCpu.max, for example 0-3.")
        @Size(max = 1024)
        String sendingCpus,

        @JsonPropertyDescription(
                "Up to this revision of the peers' entries: from every node that joined, the kernel takes protected packets, "
                        + "and of every node that leaves it no longer requires them.")
        Long accepts,

        @JsonPropertyDescription("Nodes up to revision accepts for which that does not hold.")
        @Size(max = MAX_EXCEPTIONS)
        List<String> acceptsNot,

        @JsonPropertyDescription(
                "Up to this revision of the peers' entries: to every node that joined, the kernel sends protected, and to every "
                        + "node that leaves it no longer does.")
        Long sends,

        @JsonPropertyDescription("Nodes up to revision sends for which that does not hold.") @Size(max = MAX_EXCEPTIONS)
        List<String> sendsNot) {

    /** With more exceptions than this the number stays lower instead. */
    public static final int MAX_EXCEPTIONS = 16;

    public TunnelProgress {
        acceptsNot = acceptsNot == null ? List.of() : List.copyOf(acceptsNot);
        sendsNot = sendsNot == null ? List.of() : List.copyOf(sendsNot);
    }

    public Optional<String> cpus() {
        return Optional.ofNullable(sendingCpus);
    }

    /** Whether the node has done what the entry of a peer asks of it as a receiver. */
    public boolean accepts(String peer, long revision) {
        return accepts != null && accepts >= revision && !acceptsNot.contains(peer);
    }

    /** Whether the node has done what the entry of a peer asks of it as a sender. */
    public boolean sends(String peer, long revision) {
        return sends != null && sends >= revision && !sendsNot.contains(peer);
    }
}
