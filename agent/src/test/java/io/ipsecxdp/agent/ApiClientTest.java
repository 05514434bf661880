package io.ipsecxdp.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.WatchEvent;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.ipsecxdp.crds.NodePlan;
import org.junit.jupiter.api.Test;

class ApiClientTest {

    private static final String PLAN = """
            {
              "apiVersion": "ipsec-xdp.io/v1alpha1",
              "kind": "NodePlan",
              "metadata": {
                "name": "a",
                "uid": "u",
                "generation": 7,
                "managedFields": [{
                  "manager": "ipsec-xdp-operator",
                  "fieldsV1": {"f:spec": {"f:securityAssociations": {"k:{\\"uid\\":\\"1\\"}": {".": {}, "f:spi": {}}}}}
                }]
              },
              "spec": {"node": "n1"}
            }
            """;

    private final KubernetesSerialization serialization = serialization();

    @Test
    void whoOwnsWhichFieldOfAPlanIsNotKept() {
        NodePlan plan = serialization.unmarshal(PLAN, NodePlan.class);

        ObjectMeta metadata = plan.getMetadata();
        assertThat(metadata.getManagedFields()).isEmpty();
        assertThat(metadata.getName()).isEqualTo("a");
        assertThat(metadata.getUid()).isEqualTo("u");
        assertThat(metadata.getGeneration()).isEqualTo(7);
        assertThat(plan.getSpec().node()).isEqualTo("n1");
    }

    /** Of whatever kind an object of an event turns out to be. */
    @Test
    void norIsItOfWhatIsNotAskedForByItsType() {
        Object plan = serialization.unmarshal(PLAN);

        assertThat(serialization.asJson(plan)).doesNotContain("managedFields").contains("\"generation\":7");
    }

    /** Else a watch whose resource version is too old is asked for with the same one for ever. */
    @Test
    void whyAWatchEndedIsUnderstood() {
        WatchEvent event = serialization.unmarshal("""
                {
                  "type": "ERROR",
                  "object": {
                    "kind": "Status",
                    "apiVersion": "v1",
                    "status": "Failure",
                    "message": "too old resource version: 4164 (4182)",
                    "reason": "Expired",
                    "code": 410
                  }
                }
                """, WatchEvent.class);

        assertThat(event.getObject())
                .isInstanceOfSatisfying(
                        Status.class, status -> assertThat(status.getCode()).isEqualTo(410));
    }

    @Test
    void stringsThatRepeatAreKeptOnce() {
        NodePlan one = serialization.unmarshal(PLAN, NodePlan.class);
        NodePlan other = serialization.unmarshal(PLAN, NodePlan.class);

        assertThat(one.getSpec().node()).isSameAs(other.getSpec().node());
        assertThat(one.getMetadata().getUid()).isSameAs(other.getMetadata().getUid());
    }

    private static KubernetesSerialization serialization() {
        KubernetesSerialization serialization = ApiClient.serialization();
        serialization.registerKubernetesResource(NodePlan.class);
        return serialization;
    }
}
