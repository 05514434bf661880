package io.ipsecxdp.operator.compile;

import static io.ipsecxdp.operator.compile.Fixtures.twoNodes;
import static io.ipsecxdp.operator.compile.Plans.steering;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.crds.CpuAssignment;
import io.ipsecxdp.crds.FixedCpu;
import io.ipsecxdp.crds.NumaPreference;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SteeringPolicySpec;
import io.ipsecxdp.crds.UnknownSpiAction;
import io.ipsecxdp.crds.VlanOffload;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a SteeringPolicy that says more than which interfaces. */
class SteeringCompilerTest {

    private static SteeringPolicySpec spec(String yaml) {
        return Serialization.unmarshal("---\n{queueSize: 2048, mode: Auto, " + yaml + "}", SteeringPolicySpec.class);
    }

    private static PlannedSteering onlyOne(Compilation compilation, String node) {
        return steering(compilation, node).getFirst();
    }

    @Test
    void patternsAndTheDefaultRouteAreLeftToTheAgent() {
        var compilation = twoNodes()
                .steer("a", spec("interfaces: ['ens*', default route, eth0]"))
                .compile();

        assertThat(onlyOne(compilation, "n1").interfaces()).containsExactly("default route", "ens*", "eth0");
    }

    @Test
    void excludedCpusAreTakenOutOfThoseThatTheNodeHas() {
        var compilation = twoNodes()
                .steer("a", spec("interfaces: [eth0], excludedCpus: '0,2'"))
                .compile();

        assertThat(onlyOne(compilation, "n1").cpus()).isEqualTo("1,3");
    }

    @Test
    void excludedCpusThatLeaveNoneAreNamed() {
        var compilation = twoNodes()
                .steer("a", spec("interfaces: [eth0], cpus: 0-1, excludedCpus: 0-3"))
                .compile();

        assertThat(steering(compilation, "n1")).isEmpty();
        assertThat(Plans.findings(compilation, Fixtures.steering("a")))
                .extracting(Finding::reason, finding -> finding.node().orElse(""))
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(Reason.CpuNotOnNode, "n1"),
                        org.assertj.core.groups.Tuple.tuple(Reason.CpuNotOnNode, "n2"));
        assertThat(Plans.findings(compilation, Fixtures.steering("a"))
                        .getFirst()
                        .message())
                .contains("spec.excludedCpus 0-3 leaves no CPU");
    }

    @Test
    void whatIsSaidOfNumaVlansAndPriorityReachesThePlan() {
        var planned = onlyOne(
                twoNodes()
                        .steer("a", spec("interfaces: [eth0], numa: Local, vlanOffload: SwitchOff, priority: 7"))
                        .compile(),
                "n1");

        assertThat(planned.numa()).isEqualTo(NumaPreference.Local);
        assertThat(planned.vlanOffload()).isEqualTo(VlanOffload.SwitchOff);
        assertThat(planned.priority()).isEqualTo(7);
    }

    @Test
    void theLowerPriorityNumberGetsAnInterfaceThatAnotherPolicyHas() {
        var before = twoNodes().steer("old", spec("interfaces: [eth0, eth1]")).planned();

        var compilation =
                before.steer("new", spec("interfaces: [eth0], priority: 10")).compile();

        assertThat(steering(compilation, "n1"))
                .extracting(PlannedSteering::name, PlannedSteering::interfaces)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("new", List.of("eth0")),
                        org.assertj.core.groups.Tuple.tuple("old", List.of("eth1")));
        assertThat(Plans.findings(compilation, Fixtures.steering("old")))
                .extracting(Finding::reason)
                .containsOnly(Reason.InterfaceTaken);
        assertThat(Plans.findings(compilation, Fixtures.steering("old"))
                        .getFirst()
                        .message())
                .contains("SteeringPolicy new", "eth0", "lower spec.priority");
        assertThat(Plans.findings(compilation, Fixtures.steering("new"))).isEmpty();
    }

    @Test
    void whatIsSaidOfAssignmentAndLookupReachesThePlan() {
        var planned = onlyOne(twoNodes().steer("a", spec("""
                                        interfaces: [eth0], assignment: Fixed, fixed: [{spi: 4096, cpu: 1}], unknownSPI: Drop,
                                        learningSeconds: 5, udpPorts: [4501, 4500], mark: 4294967295, netnsId: 3""")).compile(), "n1");

        assertThat(planned.assignment()).isEqualTo(CpuAssignment.Fixed);
        assertThat(planned.fixed()).containsExactly(new FixedCpu(4096L, 1));
        assertThat(planned.unknownSPI()).isEqualTo(UnknownSpiAction.Drop);
        assertThat(planned.learningSeconds()).isEqualTo(5);
        assertThat(planned.udpPorts()).containsExactly(4500, 4501);
        assertThat(planned.mark()).isEqualTo(0xffff_ffffL);
        assertThat(planned.namespace()).hasValue(3);
    }

    @Test
    void aPolicyThatSaysNothingOfThemMeansWhatItAlwaysMeant() {
        var planned = onlyOne(twoNodes().steer("a", spec("interfaces: [eth0]")).compile(), "n1");

        assertThat(planned)
                .isEqualTo(new PlannedSteering(
                        "a", planned.uid(), 1L, List.of("eth0"), "0-3", 2048, io.ipsecxdp.crds.XdpMode.Auto));
        assertThat(planned.assignment()).isEqualTo(CpuAssignment.Owner);
        assertThat(planned.unknownSPI()).isEqualTo(UnknownSpiAction.Pass);
        assertThat(planned.udpPorts()).containsExactly(4500);
    }

    @Test
    void aFixedCpuThatThePolicyDoesNotHaveOnANodeIsNamed() {
        var compilation = twoNodes()
                .agent("n2", "0-7", "10.0.0.2")
                .steer("a", spec("interfaces: [eth0], assignment: Fixed, fixed: [{spi: 4096, cpu: 5}]"))
                .compile();

        assertThat(steering(compilation, "n1")).isEmpty();
        assertThat(steering(compilation, "n2")).hasSize(1);
        assertThat(Plans.findings(compilation, Fixtures.steering("a"))
                        .getFirst()
                        .message())
                .contains("spec.fixed names the CPUs 5", "0-3");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "interfaces: [eth0], excludedCpus: 3-1    | spec.excludedCpus: the range 3-1",
                "interfaces: [eth0], assignment: Fixed    | spec.fixed and assignment: Fixed go together",
                "interfaces: [eth0], fixed: [{spi: 256, cpu: 0}] | spec.fixed and assignment: Fixed go together",
                "interfaces: [eth0], assignment: Fixed, fixed: [{spi: 256, cpu: 0}, {spi: 256, cpu: 1}] | spec.fixed has an spi twice",
                "interfaces: ['no such route']            | spec.interfaces: a name has 1 to 15 characters",
            })
    void whatAnOlderCrdLetInIsNotPlanned(String yaml, String sentence) {
        var compilation = twoNodes().steer("a", spec(yaml)).compile();

        assertThat(steering(compilation, "n1")).isEmpty();
        assertThat(Plans.findings(compilation, Fixtures.steering("a")))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.reason()).isEqualTo(Reason.Invalid);
                    assertThat(finding.message()).contains(sentence);
                });
    }
}
