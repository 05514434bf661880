package io.ipsecxdp.operator.compile;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of a tunnel and a SecurityPolicy has the packets that both select. */
class TunnelsBesidePoliciesTest {
    private static final String MESH = "{ends: [{nodeSelector: {}}], traffic: {pods: {}}}";
    private static final String ENDS =
            "source: {node: n1}, destination: {node: n2}, selector: {source: 10.20.1.0/24, destination: 10.20.2.0/24}";
    private static final String PROTECT = "{%s}".formatted(ENDS);

    private static TunnelWorld three() {
        return new TunnelWorld().node("n1").node("n2").node("n3");
    }

    private static List<Finding> findings(TunnelWorld world, DeclaredKind<?, ?> kind, String name) {
        return Plans.findings(world.compile(), new ObjectKey(kind, name));
    }

    private static List<Finding> ofTunnel(TunnelWorld world) {
        return findings(world, DeclaredKind.TUNNEL, "pods");
    }

    private static List<Finding> ofPolicy(TunnelWorld world) {
        return findings(world, DeclaredKind.SECURITY_POLICY, "flow");
    }

    @Test
    void thePolicyThatIsYoungerIsNotPlannedAndSaysWhichTunnelHasItsPackets() {
        var world = three().tunnel("pods", MESH).policy("flow", PROTECT).settles();

        assertThat(ofTunnel(world)).isEmpty();
        assertThat(world.pair("n1", "pods", "n2").isOn()).isTrue();
        assertThat(world.plannedOf("flow")).isEmpty();
        assertThat(ofPolicy(world)).singleElement().satisfies(finding -> {
            assertThat(finding.reason()).isEqualTo(Reason.TrafficTaken);
            assertThat(finding.message())
                    .contains("Tunnel pods", "node n1 and node n2", "spec.ends", "select other packets");
        });
    }

    @Test
    void theTunnelThatIsYoungerDoesWithoutTheNodesOfThePolicy() {
        var world =
                three().policy("flow", PROTECT).tunnel("pods", MESH).node("n4").settles();

        assertThat(ofPolicy(world)).isEmpty();
        assertThat(world.plannedOf("flow")).isNotEmpty();
        assertThat(world.entry("n1")).isEmpty();
        assertThat(world.entry("n2")).isEmpty();
        assertThat(world.pair("n3", "pods", "n4").isOn()).isTrue();
        assertThat(ofTunnel(world)).hasSize(2).allSatisfy(finding -> {
            assertThat(finding.reason()).isEqualTo(Reason.TrafficTaken);
            assertThat(finding.message()).contains("SecurityPolicy flow", "spec.ends", "delete the policy");
        });
        assertThat(ofTunnel(world))
                .extracting(finding -> finding.node().orElseThrow())
                .containsExactly("n1", "n2");
    }

    @Test
    void whenOneIsDeletedTheOtherGetsThePackets() {
        var tunnelFirst = three().tunnel("pods", MESH).policy("flow", PROTECT).settles();
        assertThat(tunnelFirst.delete("pods").operator().plannedOf("flow"))
                .as("while the tunnel is taken off")
                .isEmpty();
        assertThat(ofPolicy(tunnelFirst)).extracting(Finding::reason).containsExactly(Reason.StillBeingRemoved);
        assertThat(tunnelFirst.settles().plannedOf("flow")).contains("n2 In");

        var policyFirst = three().policy("flow", PROTECT).tunnel("pods", MESH).settles();
        policyFirst.deletePolicy("flow").settles();
        assertThat(policyFirst.pair("n1", "pods", "n2").isOn()).isTrue();
        assertThat(ofTunnel(policyFirst)).isEmpty();
    }

    @Test
    void whatIsInForceKeepsItsPacketsWhateverItsAge() {
        var world = three().tunnel("pods", MESH).settles().policy("flow", PROTECT);
        world.createdAt("pods", Fixtures.NOON.plusSeconds(900)).settles();

        assertThat(world.pair("n1", "pods", "n2").isOn()).isTrue();
        assertThat(ofTunnel(world)).isEmpty();
        assertThat(ofPolicy(world)).extracting(Finding::reason).containsExactly(Reason.TrafficTaken);
    }

    @Test
    void aPolicyThatComesToSelectATunnelsPacketsKeepsWhatItHad() {
        var world = three().policy("flow", "{source: {node: n1}, destination: {node: n2}}")
                .tunnel("pods", MESH)
                .settles();
        assertThat(ofPolicy(world)).isEmpty();
        var before = world.plannedOf("flow");

        world.policy("flow", PROTECT).settles();

        assertThat(ofPolicy(world)).extracting(Finding::reason).containsExactly(Reason.TrafficTaken);
        assertThat(world.plannedOf("flow")).isEqualTo(before).isNotEmpty();
        assertThat(world.pair("n1", "pods", "n2").isOn()).isTrue();
    }

    @Test
    void aTunnelThatIsPausedHoldsNothingUp() {
        var world = three().tunnel("pods", MESH.replace("pods: {}}}", "pods: {}}, paused: true}"))
                .policy("flow", PROTECT)
                .settles();

        assertThat(ofPolicy(world)).isEmpty();
        assertThat(world.plannedOf("flow")).contains("n2 In");
    }

    @ParameterizedTest(name = "{0} beside {1}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "pods: {} | selector: {source: 10.20.1.7/32, destination: 10.20.2.0/24, protocol: TCP, destinationPorts: '443'} | true",
                "pods: {} | selector: {source: 10.20.0.0/16, destination: 10.20.0.0/16} | true",
                "pods: {} | selector: {source: 10.20.9.0/24, destination: 10.20.2.0/24} | false",
                "pods: {} | selector: {source: 10.20.2.0/24, destination: 10.20.1.0/24} | false",
                "pods: {} | selector: {source: 10.20.1.0/24, destination: 10.20.2.0/24}, interfaceId: 7 | false",
                "pods: {} | selector: {source: 10.20.1.0/24, destination: 10.20.2.0/24}, priority: 200000 | true",
                "pods: {} | selector: {source: 10.20.1.0/24, destination: 10.20.2.0/24}, action: Bypass | true",
                "pods: {} | selector: {source: 10.0.0.0/8, destination: 10.0.0.0/8}, action: Bypass | true",
                "pods: {} | selector: {source: 10.0.0.0/8, destination: 10.0.0.0/8}, action: Discard, priority: 200000 | false",
                "pods: {} | selector: {source: 10.20.1.0/24, destination: 10.20.2.0/24}, action: Discard, priority: 200000 | true",
                "pods: {} | selector: {source: 10.20.1.0/24, destination: 10.20.2.0/24, protocol: ICMP}, action: Bypass | false",
                "pods: {} | selector: {source: 10.20.1.0/24, destination: 10.20.2.0/24}, action: Bypass, mark: {value: 7, mask: 255} | false",
                "pods: {} | selector: {source: 10.20.1.9/32, destination: 10.20.2.0/24}, action: Bypass | false",
                "pods: {} | mode: Transport | false",
                "overlay: {protocol: UDP, port: 8472} | mode: Transport | true",
                "overlay: {protocol: UDP, port: 8472} | mode: Transport, selector: {protocol: UDP, destinationPorts: '8472'} | true",
                "overlay: {protocol: UDP, port: 8472} | mode: Transport, selector: {protocol: UDP, destinationPorts: '4789'} | false",
                "overlay: {protocol: UDP, port: 8472} | mode: Transport, selector: {protocol: TCP} | false",
                "overlay: {protocol: GRE} | mode: Transport, selector: {protocol: GRE} | true",
                "overlay: {protocol: UDP, port: 8472} | action: Bypass | true",
            })
    void whichPoliciesCannotStandBesideATunnel(String traffic, String policy, boolean contend) {
        String flow = "{source: {node: n1}, destination: {node: n2}, %s}".formatted(policy);
        String tunnel = "{ends: [{nodeSelector: {}}], traffic: {%s}}".formatted(traffic);

        var tunnelFirst = three().tunnel("pods", tunnel).policy("flow", flow).settles();
        assertThat(ofTunnel(tunnelFirst)).isEmpty();
        assertThat(ofPolicy(tunnelFirst))
                .extracting(Finding::reason)
                .isEqualTo(contend ? List.of(Reason.TrafficTaken) : List.of());

        var policyFirst = three().policy("flow", flow).tunnel("pods", tunnel).settles();
        assertThat(ofPolicy(policyFirst)).isEmpty();
        assertThat(ofTunnel(policyFirst)).hasSize(contend ? 2 : 0);
    }

    @ParameterizedTest(name = "from {0} to {1}: {2}")
    @CsvSource({"n1, n2, true", "n2, n1, false"})
    void theSelectorsOfATunnelGoFromItsFirstEndToItsSecond(String from, String to, boolean contend) {
        var world = new TunnelWorld()
                .node("n1", "a")
                .node("n2", "b")
                .tunnel(
                        "pods",
                        "{ends: [{nodeSelector: {matchLabels: {a: ''}}}, {nodeSelector: {matchLabels: {b: ''}}}], "
                                + "traffic: {selectors: [{source: 10.1.0.0/16, destination: 10.2.0.0/16}]}}")
                .policy(
                        "flow",
                        "{source: {node: %s}, destination: {node: %s}, selector: {source: 10.1.3.0/24, destination: 10.2.0.0/16}}"
                                .formatted(from, to))
                .settles();

        assertThat(ofPolicy(world)).hasSize(contend ? 1 : 0);
    }
}
