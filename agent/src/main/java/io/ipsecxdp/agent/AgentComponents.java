package io.ipsecxdp.agent;

import io.ipsecxdp.agent.ledger.PolicyFile;
import io.ipsecxdp.agent.ledger.StateException;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.node.NodeProbe;
import io.ipsecxdp.agent.peers.TmpfsStore;
import io.ipsecxdp.agent.steering.Steerer;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.Dispatchers;
import io.ipsecxdp.bpf.Steerings;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmException;
import io.ipsecxdp.xfrm.netlink.NetlinkXfrm;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is worked on: the kernel's SAD and SPD, the interfaces, and the state folder.
 *
 * @param boot what was installed under another one is gone
 * @param lookup whether XDP can look SAs up
 * @param steeringLacks sentences about what this node cannot do for steering
 */
record AgentComponents(
        Xfrm xfrm,
        StateFolder state,
        PolicyFile policyFile,
        TmpfsStore generations,
        Steerer steerer,
        String boot,
        boolean lookup,
        List<String> steeringLacks)
        implements AutoCloseable {

    /**
     * @throws XfrmException if this process cannot talk to the kernel
     * @throws StateException if the state folder cannot be used
     */
    static AgentComponents open(AgentConfig config, Clock clock) {
        Xfrm xfrm = NetlinkXfrm.open();
        try {
            String boot = NodeProbe.boot(xfrm.namespaceCookie());
            StateFolder state = StateFolder.open(config.stateDir(), boot);
            List<String> lacks = new ArrayList<>();
            Optional<Capabilities> capabilities = capabilities(lacks);
            Optional<Steerings> steerings =
                    capabilities.map(can -> new Steerings(pins(config), can, dispatchers(config, lacks)));
            Steerer steerer = new Steerer(steerings, capabilities, state, boot, clock);
            boolean lookup = capabilities.filter(Capabilities::saLookup).isPresent();
            PolicyFile policyFile = new PolicyFile(config.stateDir());
            TmpfsStore generations = new TmpfsStore(config.runtimeDir(), boot, state.identity());
            return new AgentComponents(xfrm, state, policyFile, generations, steerer, boot, lookup, List.copyOf(lacks));
        } catch (RuntimeException e) {
            xfrm.close();
            throw e;
        }
    }

    /** Where what outlives the agent is pinned. */
    static Path pins(AgentConfig config) {
        return config.bpffs().resolve("ipsec-xdp");
    }

    /** Sentences about what was found damaged in the state folder, and about a folder in memory that is none. */
    List<String> complaints() {
        return Stream.of(state.complaints().stream(), policyFile.complaint().stream(), generations.complaint().stream())
                .flatMap(complaints -> complaints)
                .toList();
    }

    @Override
    public void close() {
        steerer.close();
        generations.close();
        state.close();
        xfrm.close();
    }

    private static Dispatchers dispatchers(AgentConfig config, List<String> lacks) {
        if (!config.dispatcher()) {
            return Dispatchers.leftAlone(config.bpffs());
        }
        Optional<String> lack = Dispatchers.lack(config.bpffs());
        lack.ifPresent(why -> lacks.add("No interface can be shared with others' XDP programs: " + why));
        return lack.isEmpty() ? Dispatchers.shared(config.bpffs()) : Dispatchers.leftAlone(config.bpffs());
    }

    private static Optional<Capabilities> capabilities(List<String> lacks) {
        try {
            Capabilities can = Capabilities.probe();
            if (!can.cpuMap()) {
                lacks.add("This kernel has no CPUMAP, so nothing can be steered.");
            } else if (!can.saLookup()) {
                lacks.add("This kernel cannot look SAs up from XDP (kfunc bpf_xdp_get_xfrm_state), so a hash of the SPI"
                        + " chooses the CPU of every SA.");
            }
            return Optional.of(can);
        } catch (LinkageError e) {
            lacks.add("libbpf.so.1 cannot be loaded, so nothing can be steered; it is in Debian's package libbpf1.");
            return Optional.empty();
        }
    }
}
