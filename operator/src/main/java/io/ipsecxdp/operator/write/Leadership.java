package io.ipsecxdp.operator.write;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.operator.OperatorConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.UUID;

/** Whether this operator leads at this moment, by the word of the API server. */
@ApplicationScoped
public class Leadership {
    public static final String LEASE = "ipsec-xdp-operator";

    private final KubernetesClient client;
    private final OperatorConfig config;
    private final String identity =
            "%s_%s".formatted(Optional.ofNullable(System.getenv("HOSTNAME")).orElse("operator"), UUID.randomUUID());

    public Leadership(KubernetesClient client, OperatorConfig config) {
        this.client = client;
        this.config = config;
    }

    /** The name of this operator in the Lease. */
    public String identity() {
        return identity;
    }

    /**
     * Asks who holds the Lease. A process that was stopped for longer than the Lease lasts goes on where it was, and
     * finds out that another one leads only some time later.
     */
    public boolean isHeld() {
        if (!config.leaderElection().enabled()) {
            return true;
        }
        var lease =
                client.leases().inNamespace(config.namespace()).withName(LEASE).get();
        return lease != null && identity.equals(lease.getSpec().getHolderIdentity());
    }
}
