package io.ipsecxdp.crds;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names that operator, agents and users share. */
public final class Api {
    public static final String GROUP = "ipsec-xdp.io";
    public static final String VERSION = "v1alpha1";
    public static final String CATEGORY = "ipsec";

    /** Label of a NodePlan: the node it is for, as {@link #nodeLabel} writes it. Agents find their plans by it. */
    public static final String NODE_LABEL = "ipsec-xdp.io/node";

    /** Label of TunnelPeers: the tunnel that they are of, as {@link #nodeLabel} writes a name. */
    public static final String TUNNEL_LABEL = "ipsec-xdp.io/tunnel";

    /** Type of the Secrets that hold keys. */
    public static final String KEY_SECRET_TYPE = "ipsec-xdp.io/key";

    /** Secret in the namespace of the keys, under which agents make fingerprints that compare on all nodes. */
    public static final String FINGERPRINT_SECRET = "ipsec-xdp-fingerprint";

    /** Type of that Secret. */
    public static final String FINGERPRINT_SECRET_TYPE = "ipsec-xdp.io/fingerprint";

    /** Its only entry. */
    public static final String FINGERPRINT_SECRET_ENTRY = "secret";

    /** Lowest reqid of ours; strongSwan counts its own from 1, so the two never meet. */
    public static final long FIRST_REQID = 0x1000_0001L;

    /** Highest reqid that users may declare; those above are for SAs that the operator makes itself. */
    public static final long LAST_DECLARED_REQID = 0x7fff_ffffL;

    /** Priority of the policies of tunnels: after those that users declare, which stand at 1000 if nothing else is said. */
    public static final int TUNNEL_PRIORITY = 100_000;

    /** What the name of every agent's Lease begins with. */
    public static final String LEASE_PREFIX = "ipsec-xdp-agent-";

    private static final int MAX_NAME_LENGTH = 253;
    private static final int MAX_LABEL_LENGTH = 63;
    private static final int HASH_LENGTH = 16;

    private Api() {}

    /**
     * The label value for a node name. A node name may have 253 characters (a DNS subdomain), a label value 63: longer
     * names are cut and made unique again by a hash.
     */
    public static String nodeLabel(String nodeName) {
        if (nodeName.length() <= MAX_LABEL_LENGTH) {
            return nodeName;
        }
        return nodeName.substring(0, MAX_LABEL_LENGTH - HASH_LENGTH - 1) + "-" + hash(nodeName);
    }

    /**
     * Name of the Lease by which the agent of a node says that it is alive. It has at most 253 characters (a DNS subdomain):
     * of a node name that is too long for that, the end is replaced by a hash.
     */
    public static String leaseName(String nodeName) {
        int room = MAX_NAME_LENGTH - LEASE_PREFIX.length();
        return LEASE_PREFIX
                + (nodeName.length() <= room ? nodeName : nodeName.substring(0, room - HASH_LENGTH) + hash(nodeName));
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, HASH_LENGTH);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
