package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.List;

/**
 * A node of a tunnel.
 *
 * @param revision orders the entries of one tunnel: an entry that is new or differs from before gets a higher one than all
 *     that were given before it, and no slice is written with a higher one before the slices with lower ones were. So an
 *     agent that has seen revision r has seen all entries up to it, and says so in one number ({@link TunnelProgress}).
 * @param leaving the node is to be in no pair any more, but its entry stays until every node of the tunnel has let go of it
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TunnelPeer(
        @Required @JsonPropertyDescription("Name of the node.")
        String node,

        @Required
        @JsonPropertyDescription("Uid of the Node, which is another one when a node comes back under its name.")
        String uid,

        @Required @JsonPropertyDescription("Its InternalIP addresses, at most one of each family.")
        List<String> addresses,

        @JsonPropertyDescription("Its pod CIDRs.") List<String> podCIDRs,

        @Required
        @JsonPropertyDescription(
                "Which of the tunnel's ends the node is of: 1 or 2, and it makes a pair with each node of the other one; 0 in a "
                        + "mesh, where it makes a pair with every other node.")
        Integer end,

        @Required
        @JsonPropertyDescription(
                "Number of this entry's last change, counted over all entries of the tunnel; agents say up to which "
                        + "number they have gone.")
        Long revision,

        @JsonPropertyDescription(
                "True while the node is taken out of the tunnel; the entry goes once every node has let go of it.")
        Boolean leaving) {

    /** The end of all nodes of a mesh. That it is one cannot be seen from who is there: those of one end may come first. */
    public static final int MESH = 0;

    public TunnelPeer {
        addresses = addresses == null ? List.of() : List.copyOf(addresses);
        podCIDRs = podCIDRs == null ? List.of() : List.copyOf(podCIDRs);
    }

    /** The same as of another change. */
    public TunnelPeer at(long otherRevision) {
        return new TunnelPeer(node, uid, addresses, podCIDRs, end, otherRevision, leaving);
    }

    /** The same, leaving. */
    public TunnelPeer onItsWayOut() {
        return new TunnelPeer(node, uid, addresses, podCIDRs, end, revision, true);
    }

    /** Whether two nodes of these ends make a pair. */
    public static boolean isPair(int end, int other) {
        return end == MESH || end != other;
    }

    public boolean isPairWith(TunnelPeer other) {
        return !node.equals(other.node) && isPair(end, other.end);
    }

    public boolean leaves() {
        return leaving != null && leaving;
    }
}
