package io.ipsecxdp.e2e;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.OptionalInt;

/** SAs and policies that an admin, or an IKE daemon, makes on the nodes without us. */
final class ForeignTunnel {
    /** As strongSwan counts them; ours are larger. */
    static final int REQID = 1;

    private static final int KEY_BYTES = 36;

    private final Node from;
    private final Node to;
    private final String source;
    private final String destination;

    ForeignTunnel(Node from, Node to) {
        this(from, to, from.facts().address(IpFamily.IPV4), to.facts().address(IpFamily.IPV4));
    }

    /** Between other addresses of the two nodes. */
    ForeignTunnel(Node from, Node to, String source, String destination) {
        this.from = from;
        this.to = to;
        this.source = source;
        this.destination = destination;
    }

    /** Makes an SA, outbound at one node and inbound at the other. */
    void addSa(long spi, OptionalInt senderCpu, OptionalInt receiverCpu) {
        addSa(spi, senderCpu, receiverCpu, "");
    }

    /** With more words of ip-xfrm(8), for both ends. */
    void addSa(long spi, OptionalInt senderCpu, OptionalInt receiverCpu, String more) {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        String hex = HexFormat.of().formatHex(key);
        from.script(sa(spi, hex, more + " dir out", senderCpu));
        to.script(sa(spi, hex, more + " replay-window 4096 dir in", receiverCpu));
    }

    /** Makes the policies that send the pods' packets through SAs of {@link #REQID}. */
    void addPolicies() {
        addPoliciesFor(from.facts().pods().getFirst(), to.facts().pods().getFirst());
    }

    /** The same for packets between two other prefixes. */
    void addPoliciesFor(String sources, String destinations) {
        from.script(policy("out", sources, destinations));
        to.script(policy("in", sources, destinations));
        to.script(policy("fwd", sources, destinations));
    }

    /** Removes an SA from both nodes. */
    void removeSa(long spi) {
        for (Node node : new Node[] {from, to}) {
            node.run(
                    "ip",
                    "xfrm",
                    "state",
                    "delete",
                    "src",
                    source,
                    "dst",
                    destination,
                    "proto",
                    "esp",
                    "spi",
                    Long.toString(spi));
        }
    }

    /** Removes everything from both nodes, whoever made it. */
    void flush() {
        for (Node node : new Node[] {from, to}) {
            node.script("ip xfrm policy flush; ip xfrm state flush");
        }
    }

    private String sa(long spi, String key, String direction, OptionalInt cpu) {
        return "ip xfrm state add src %s dst %s proto esp spi %d reqid %d mode tunnel aead 'rfc4106(gcm(aes))' 0x%s 128 flag esn %s%s"
                .formatted(
                        source,
                        destination,
                        spi,
                        REQID,
                        key,
                        direction,
                        cpu.isPresent() ? " pcpu-num " + cpu.getAsInt() : "");
    }

    private String policy(String direction, String sources, String destinations) {
        return "ip xfrm policy add dir %s src %s dst %s tmpl src %s dst %s proto esp reqid %d mode tunnel"
                .formatted(direction, sources, destinations, source, destination, REQID);
    }
}
