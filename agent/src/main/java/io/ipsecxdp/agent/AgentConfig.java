package io.ipsecxdp.agent;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Settings of the agent.
 *
 * @param nodeName of the Kubernetes node that this is
 * @param stateDir folder of this agent alone, on a disk that survives a boot: which keys were used, and what is ours
 * @param bpffs a BPF file system, for what has to outlive the agent
 * @param dispatcher whether the XDP program runs as a component of libxdp's dispatcher, beside those of others, whose folder
 *     {@code xdp} is on the same BPF file system; takes libxdp and CAP_SYS_ADMIN
 * @param namespace of the agents' Leases
 * @param keysNamespace of the Secrets that hold keys
 * @param healthPort on the node's loopback, for health and metrics
 */
record AgentConfig(
        String nodeName,
        Path stateDir,
        Path bpffs,
        boolean dispatcher,
        String namespace,
        String keysNamespace,
        int healthPort) {

    private static final String OWN = "IPSEC_XDP_AGENT_";
    private static final int LAST_PORT = 65_535;

    /** A setting that is missing or means nothing; its message says which, and what to write. */
    static final class UnusableException extends RuntimeException {
        private UnusableException(String message) {
            super(message);
        }
    }

    /** @throws UnusableException for the first setting that cannot be used */
    static AgentConfig from(Map<String, String> environment) {
        return new AgentConfig(
                setting(environment, "NODE_NAME")
                        .orElseThrow(() -> new UnusableException(
                                "NODE_NAME is not set: it must be the name of this node's Node object.")),
                Path.of(own(environment, "STATE_DIR").orElse("/var/lib/ipsec-xdp")),
                Path.of(own(environment, "BPFFS").orElse("/sys/fs/bpf")),
                own(environment, "DISPATCHER").map(AgentConfig::dispatcher).orElse(false),
                setting(environment, "POD_NAMESPACE").orElse("ipsec-xdp"),
                own(environment, "KEYS_NAMESPACE").orElse("ipsec-xdp-keys"),
                own(environment, "HEALTH_PORT").map(AgentConfig::port).orElse(9464));
    }

    private static Optional<String> own(Map<String, String> environment, String name) {
        return setting(environment, OWN + name);
    }

    private static Optional<String> setting(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(text -> !text.isEmpty());
    }

    private static boolean dispatcher(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default ->
                throw new UnusableException("%sDISPATCHER is '%s': it must be true or false.".formatted(OWN, text));
        };
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port > 0 && port <= LAST_PORT) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Said below
        }
        throw new UnusableException(
                "%sHEALTH_PORT is '%s': it must be a port, from 1 to %d.".formatted(OWN, text, LAST_PORT));
    }
}
