package io.ipsecxdp.operator.page;

import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.NodeCapabilities;
import java.util.List;
import java.util.function.Predicate;

/** What the kernel of a node lacks: what {@code kubectl ipsec explain} says, in its words. */
record Lack(String what, String means, String remedy) {

    private record Rule(Predicate<NodeCapabilities> holds, Lack lack) {}

    private static final List<Rule> RULES = List.of(
            new Rule(
                    kernel -> !kernel.esp(),
                    new Lack(
                            "ESP",
                            "SAs are Unsupported on this node; the agent still steers SAs of other origin",
                            "take a kernel with CONFIG_INET_ESP, CONFIG_INET6_ESP and CONFIG_CRYPTO_GCM")),
            new Rule(
                    kernel -> kernel.esp() && !kernel.algorithms().contains(EncryptionAlgorithm.ENCR_AES_GCM_16),
                    new Lack(
                            "AES-GCM",
                            "SAs with the algorithm by default are Unsupported on this node",
                            "take a kernel with CONFIG_CRYPTO_GCM, or declare another algorithm")),
            new Rule(
                    kernel -> !kernel.xfrmKfunc(),
                    new Lack(
                            "the kfunc bpf_xdp_get_xfrm_state",
                            "packets of declared SAs go to their declared owner; all other ESP and AH is spread over CPUs by a hash of the SPI",
                            "take Linux 6.8 or later")),
            new Rule(
                    kernel -> !kernel.perCpuSa(),
                    new Lack(
                            "SAs with an owner CPU",
                            "SAs are installed without their owner and send from all CPUs; what is received goes to the declared owner nevertheless",
                            "take Linux 6.13 or later, or a 6.12 of 2025 or later")),
            new Rule(
                    kernel -> !kernel.saDirection(),
                    new Lack(
                            "SAs with a direction",
                            "the agent leaves the direction out; nothing else changes",
                            "take Linux 6.10 or later, if that matters")),
            new Rule(
                    kernel -> !kernel.knowsAh().orElse(true),
                    new Lack(
                            "AH",
                            "SAs with protocol AH are Unsupported on this node",
                            "take a kernel with CONFIG_INET_AH and CONFIG_INET6_AH")),
            new Rule(
                    kernel -> !kernel.knowsBeet().orElse(true),
                    new Lack(
                            "mode BEET",
                            "SAs in mode BEET are Unsupported on this node",
                            "take another mode, or another kernel")));

    static List<Lack> of(NodeCapabilities kernel) {
        return RULES.stream()
                .filter(rule -> rule.holds().test(kernel))
                .map(Rule::lack)
                .toList();
    }

    static List<Lack> all() {
        return RULES.stream().map(Rule::lack).toList();
    }
}
