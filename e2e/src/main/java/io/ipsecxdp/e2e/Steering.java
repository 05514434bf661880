package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.crds.SteeringPolicySpec;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;

/** Steering policies as a user declares them, for all nodes and CPUs. */
public final class Steering {
    private Steering() {}

    public static SteeringPolicy on(String interfaceName, XdpMode mode) {
        return on(interfaceName, mode, null);
    }

    public static SteeringPolicy on(String interfaceName, XdpMode mode, Integer queueSize) {
        var policy = new SteeringPolicy();
        policy.setMetadata(
                new ObjectMetaBuilder().withName("esp-" + interfaceName).build());
        policy.setSpec(new SteeringPolicySpec(null, List.of(interfaceName), null, queueSize, mode));
        return policy;
    }
}
