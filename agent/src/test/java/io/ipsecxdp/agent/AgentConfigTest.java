package io.ipsecxdp.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentConfigTest {

    private static final Map<String, String> NODE = Map.of("NODE_NAME", "n1");

    @Test
    void theNameOfTheNodeIsEnough() {
        assertThat(AgentConfig.from(NODE))
                .isEqualTo(new AgentConfig(
                        "n1",
                        Path.of("/var/lib/ipsec-xdp"),
                        Path.of("/sys/fs/bpf"),
                        false,
                        "ipsec-xdp",
                        "ipsec-xdp-keys",
                        9464));
    }

    @Test
    void everythingCanBeSet() {
        assertThat(AgentConfig.from(Map.of(
                        "NODE_NAME", "n1",
                        "IPSEC_XDP_AGENT_STATE_DIR", "/state",
                        "IPSEC_XDP_AGENT_BPFFS", "/bpf",
                        "IPSEC_XDP_AGENT_DISPATCHER", "true",
                        "POD_NAMESPACE", "release",
                        "IPSEC_XDP_AGENT_KEYS_NAMESPACE", "keys",
                        "IPSEC_XDP_AGENT_HEALTH_PORT", "1234")))
                .isEqualTo(new AgentConfig("n1", Path.of("/state"), Path.of("/bpf"), true, "release", "keys", 1234));
    }

    @Test
    void withoutANameThereIsNoNode() {
        assertThatThrownBy(() -> AgentConfig.from(Map.of("NODE_NAME", " ")))
                .isInstanceOf(AgentConfig.UnusableException.class)
                .hasMessage("NODE_NAME is not set: it must be the name of this node's Node object.");
    }

    @ParameterizedTest
    @CsvSource({
        "DISPATCHER, yes, must be true or false",
        "HEALTH_PORT, http, 'must be a port, from 1 to 65535'",
        "HEALTH_PORT, 0, 'must be a port, from 1 to 65535'",
        "HEALTH_PORT, 65536, 'must be a port, from 1 to 65535'"
    })
    void whatMeansNothingIsRefusedByItsName(String name, String value, String remedy) {
        Map<String, String> environment = new HashMap<>(NODE);
        environment.put("IPSEC_XDP_AGENT_" + name, value);

        assertThatThrownBy(() -> AgentConfig.from(environment))
                .isInstanceOf(AgentConfig.UnusableException.class)
                .hasMessage("IPSEC_XDP_AGENT_%s is '%s': it %s.", name, value, remedy);
    }
}
