package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.NodePlanStatus;
import java.util.Optional;
import java.util.stream.Stream;

/** The conditions that objects have at present. */
public record Conditions(KubernetesClient client) {

    /** The Ready condition of an object, if it is about its present generation. */
    public Optional<Condition> ready(CustomResource<?, ?> object) {
        CustomResource<?, ?> now = client.resource(object).get();
        return now == null
                ? Optional.empty()
                : of(now.getStatus())
                        .filter(condition -> condition.type().equals(Condition.READY))
                        .filter(condition -> condition.observedGeneration() == null
                                || condition
                                        .observedGeneration()
                                        .equals(now.getMetadata().getGeneration()))
                        .findFirst();
    }

    public boolean isReady(CustomResource<?, ?> object) {
        return ready(object)
                .filter(condition -> condition.status() == Condition.Status.True)
                .isPresent();
    }

    private static Stream<Condition> of(Object status) {
        return switch (status) {
            case DeclaredStatus declared -> declared.conditions().stream();
            case IPsecNodeStatus node -> node.conditions().stream();
            case NodePlanStatus plan -> plan.conditions().stream();
            case null, default -> Stream.empty();
        };
    }
}
