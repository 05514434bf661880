package io.ipsecxdp.operator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.ipsecxdp.crds.SteeringPolicy;
import org.junit.jupiter.api.Test;

class JsonTest {

    /** An operator that was rolled back meets what a newer one let in. */
    @Test
    void whatNewerCrdsLetInIsPassedOver() {
        ObjectMapper mapper = new ObjectMapper();
        new OperatorJson().customize(mapper);
        var serialization = new KubernetesSerialization(mapper, false);

        var policy = serialization.unmarshal("""
                {"apiVersion": "ipsec-xdp.io/v1alpha1", "kind": "SteeringPolicy", "metadata": {"name": "a"},
                 "spec": {"interfaces": ["eth0"], "later": {"a": 1}, "fixed": [{"spi": 256, "cpu": 0, "later": 1}]},
                 "status": {"later": true}}""", SteeringPolicy.class);

        assertThat(policy.getSpec().interfaces()).containsExactly("eth0");
        assertThat(policy.getSpec().fixed()).hasSize(1);
    }
}
