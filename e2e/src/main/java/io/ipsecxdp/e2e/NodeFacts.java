package io.ipsecxdp.e2e;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A node as {@code lab/nodes} made it.
 *
 * @param namespace the network namespace that it is, as {@code ip netns} names it
 * @param addresses of eth0, IPv4 first: the node's InternalIPs
 * @param pods prefixes of its pods, IPv4 first
 * @param api the address at which it reaches this machine's loopback
 * @param bpffs where a bpffs of its own is mounted
 * @param state folder for the agent's state
 */
public record NodeFacts(
        String name,
        String namespace,
        List<String> addresses,
        List<String> pods,
        String api,
        String bpffs,
        String state) {
    public NodeFacts {
        addresses = List.copyOf(addresses);
        pods = List.copyOf(pods);
    }

    /** Reads a line of {@code lab/nodes show}. */
    static NodeFacts parse(String line) {
        String[] words = line.strip().split(" ");
        Map<String, String> facts = new TreeMap<>();
        for (int i = 1; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            facts.put(words[i].substring(0, equals), words[i].substring(equals + 1));
        }
        return new NodeFacts(
                words[0],
                facts.get("netns"),
                List.of(facts.get("eth0").split(",")),
                List.of(facts.get("pod").split(",")),
                facts.get("api"),
                facts.get("bpffs"),
                facts.get("state"));
    }

    static List<NodeFacts> parseAll(String text) {
        return text.lines().map(NodeFacts::parse).toList();
    }

    /** The node's own address in its pod network: the first one of each prefix. */
    public String podAddress(IpFamily family) {
        String prefix = pods.get(family.ordinal());
        return prefix.substring(0, prefix.indexOf('/')).replaceFirst(family == IpFamily.IPV4 ? "0$" : "$", "1");
    }

    /** Folder in memory for the agent's private values. */
    public String runtime() {
        return "/dev/shm/" + namespace + ".keys";
    }

    public String address(IpFamily family) {
        return addresses.get(family.ordinal());
    }
}
