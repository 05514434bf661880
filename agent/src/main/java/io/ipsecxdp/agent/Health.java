package io.ipsecxdp.agent;

import java.util.Optional;

/** Alive while the kernel loop comes around; ready when the plans of the node are known. Safe for use by several threads. */
final class Health {

    private volatile Optional<Agent> agent = Optional.empty();

    void watch(Agent agent) {
        this.agent = Optional.of(agent);
    }

    /** An agent that is still starting is alive. */
    boolean alive() {
        return agent.map(Agent::alive).orElse(true);
    }

    boolean ready() {
        return agent.filter(Agent::plansKnown).isPresent();
    }
}
