package io.ipsecxdp.e2e;

import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a node's kernel has of IPsec and XDP, as text.
 *
 * @param sad {@code ip xfrm state}, without keys and without what packets change in it
 * @param spd {@code ip xfrm policy}
 * @param xdp XDP programs on its interfaces
 * @param pins objects pinned in its bpffs
 */
public record NodeState(String sad, String spd, String xdp, String pins) {

    /** Reads it. */
    public static NodeState of(Node node) {
        return new NodeState(
                sorted(
                        node.script(
                                "ip xfrm state list nokeys | grep -E '^src|^\\s(proto|replay-window|mark|aead|dir|pcpu-num|if_id|sel) ' || true")),
                sorted(node.run("ip", "xfrm", "policy", "list")),
                node.script("ip -o link show | sed -nE 's/^[0-9]+: ([^:@]+).* (xdp[a-z]*)[ /].*/\\1 \\2/p'"),
                node.script("find %s -type f | sort".formatted(node.facts().bpffs())));
    }

    /** The kernel lists the newest entry first; which that is does not matter. */
    private static String sorted(String entries) {
        return Pattern.compile("(?m)^(?=src )").splitAsStream(entries).sorted().collect(Collectors.joining());
    }

    @Override
    public String toString() {
        return "SAD:%n%sSPD:%n%sXDP:%n%sbpffs:%n%s".formatted(sad, spd, xdp, pins);
    }
}
