package io.ipsecxdp.agent.tunnel;

/**
 * The policies of a pair on this node.
 *
 * @param sends there are policies for direction out
 * @param receives what the policies for in and fwd ask of what comes
 */
public record PairPolicies(boolean sends, Receiving receives) {

    /** What a receiver asks for. */
    public enum Receiving {
        /** No policy: what is protected is refused (XfrmInNoPols), what is not is taken. */
        NO_POLICY,
        /** Level use: both are taken. */
        ACCEPTS,
        /** Level required: what is not protected is refused. */
        REQUIRES
    }

    public static final PairPolicies NONE = new PairPolicies(false, Receiving.NO_POLICY);
}
