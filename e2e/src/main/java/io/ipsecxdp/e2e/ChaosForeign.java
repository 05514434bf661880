package io.ipsecxdp.e2e;

import java.util.List;

/** An SA and a policy on each node that no one but the chaos has to do with. */
record ChaosForeign(List<Node> nodes) {

    void add() {
        nodes.forEach(ChaosForeign::add);
    }

    static void add(Node node) {
        node.script("""
                ip xfrm state add src 192.0.2.77 dst 198.51.100.77 proto esp spi 0x4d4d4d4d mode tunnel reqid 7 aead 'rfc4106(gcm(aes))' 0x%s 128
                ip xfrm policy add src 203.0.113.0/25 dst 203.0.113.128/25 dir out tmpl src 192.0.2.77 dst 198.51.100.77 proto esp mode tunnel reqid 7
                """.formatted("5a".repeat(20)));
    }

    /** As the kernels have them. */
    List<String> read() {
        return nodes.stream().map(node -> node.script("""
                        ip xfrm state list nokeys | grep -A 2 '^src 192.0.2.77' || true
                        ip xfrm policy list | grep -A 2 '^src 203.0.113.0/25' || true
                        """)).toList();
    }

    /** What is not ours either, as it comes and goes; fails if somebody has touched it meanwhile. */
    static void comeAndGo(Node node, String source, String destination, int spi, Runnable meanwhile) {
        String sa = "src %s dst %s proto esp spi 0x%x".formatted(source, destination, spi);
        node.script("ip xfrm state add %s mode tunnel reqid 7 aead 'rfc4106(gcm(aes))' 0x%s 128"
                .formatted(sa, "5a".repeat(20)));
        meanwhile.run();
        node.script("ip xfrm state delete " + sa);
    }
}
