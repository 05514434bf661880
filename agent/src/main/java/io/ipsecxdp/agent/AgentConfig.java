package io.ipsecxdp.agent;

import io.ipsecxdp.scrape.ScrapeConfig;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;

/** Settings of the agent, from environment variables ({@code IPSEC_XDP_AGENT_…}) or system properties. */
@ConfigMapping(prefix = "ipsec-xdp.agent")
public interface AgentConfig {

    /** Name of the Kubernetes node that this is. */
    @WithDefault("${NODE_NAME}")
    String nodeName();

    /** Folder of this agent alone, on a disk that survives a boot: which keys were used, and what is ours. */
    @WithDefault("/var/lib/ipsec-xdp")
    Path stateDir();

    /** Folder of this agent alone, in memory: the private values of its tunnels, which a boot is to forget. */
    @WithDefault("/run/ipsec-xdp/keys")
    Path runtimeDir();

    /** A BPF file system, for what has to outlive the agent. */
    @WithDefault("/sys/fs/bpf")
    Path bpffs();

    /**
     * Whether the XDP program runs as a component of libxdp's dispatcher, beside those of others, whose folder {@code xdp} is
     * on the same BPF file system. Takes libxdp and CAP_SYS_ADMIN.
     */
    @WithDefault("false")
    boolean dispatcher();

    /** Namespace of the agents' Leases. */
    @WithDefault("${POD_NAMESPACE:ipsec-xdp}")
    String namespace();

    /** Namespace of the Secrets that hold keys. */
    @WithDefault("ipsec-xdp-keys")
    String keysNamespace();

    Metrics metrics();

    /** What Prometheus is told, and who may ask. */
    interface Metrics extends ScrapeConfig {
        /** Of how many SAs, at most, each has series of its own: the busiest. Of none by default. */
        @WithDefault("0")
        int perSa();
    }
}
