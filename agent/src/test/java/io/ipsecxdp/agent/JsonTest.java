package io.ipsecxdp.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.PlannedSa;
import org.junit.jupiter.api.Test;

class JsonTest {

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

    /** For a while after an upgrade the operator is newer than some agents. */
    @Test
    void whatANewerOperatorSaysBesidesIsPassedOver() {
        NodePlan plan = serialization.unmarshal(PLAN.replace("{\"node\": \"n1\"}", """
                        {"node": "n1", "later": {"a": 1},
                         "securityAssociations": [{"name": "sa", "uid": "1", "later": [1]}]}"""), NodePlan.class);

        assertThat(plan.getSpec().node()).isEqualTo("n1");
        assertThat(plan.getSpec().securityAssociations())
                .singleElement()
                .extracting(PlannedSa::name)
                .isEqualTo("sa");
    }

    private static KubernetesSerialization serialization() {
        ObjectMapper mapper = new ObjectMapper();
        new AgentJson().customize(mapper);
        KubernetesSerialization serialization = new KubernetesSerialization(mapper, false);
        serialization.registerKubernetesResource(NodePlan.class);
        return serialization;
    }
}
