package io.ipsecxdp.agent;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;

/** Alive while the kernel loop comes around; ready when the plans of the node are known. */
@ApplicationScoped
public class Health {

    private volatile Optional<Agent> agent = Optional.empty();

    void watch(Agent agent) {
        this.agent = Optional.of(agent);
    }

    @Produces
    @Liveness
    HealthCheck kernelLoop() {
        return () -> HealthCheckResponse.named("kernel loop")
                .status(agent.map(Agent::alive).orElse(true))
                .build();
    }

    @Produces
    @Readiness
    HealthCheck plans() {
        return () -> HealthCheckResponse.named("plans")
                .status(agent.map(Agent::plansKnown).orElse(false))
                .build();
    }
}
