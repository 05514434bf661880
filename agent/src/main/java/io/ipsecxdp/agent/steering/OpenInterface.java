package io.ipsecxdp.agent.steering;

import io.ipsecxdp.bpf.SteeredInterface;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.SteeringState;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.links.Link;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An interface that this agent steers.
 *
 * @param steering its attachment and maps
 * @param program as it was left
 */
record OpenInterface(SteeredInterface steering, AttachedProgram program) {

    /** Whether nobody has detached or changed it, and the interface neither vanished nor was made anew. */
    boolean isAsLeft(Optional<Link> link) {
        return link.map(Link::device).filter(program.device()::equals).isPresent()
                && isAsLeft(steering.state(), program.device(), program.config());
    }

    private static boolean isAsLeft(SteeringState state, NetDevice device, SteeringConfig config) {
        Map<Integer, Integer> queues = new TreeMap<>();
        config.cpus().forEach(cpu -> queues.put(cpu, config.queueSize()));
        return state.ifindex() == device.index() && state.queues().equals(queues);
    }
}
