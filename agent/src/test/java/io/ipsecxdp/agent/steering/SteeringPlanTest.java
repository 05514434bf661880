package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.plan.Journal;
import io.ipsecxdp.agent.plan.JournalChange;
import io.ipsecxdp.agent.plan.OwnedInterface;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.plan.SteeringStanding;
import io.ipsecxdp.agent.steering.SteeringAction.End;
import io.ipsecxdp.agent.steering.SteeringAction.Open;
import io.ipsecxdp.agent.steering.SteeringAction.Reconfigure;
import io.ipsecxdp.agent.steering.SteeringAction.Write;
import io.ipsecxdp.agent.steering.SteeringPlan.Situation;
import io.ipsecxdp.agent.steering.SteeringPlan.Steered;
import io.ipsecxdp.bpf.AttachedMode;
import io.ipsecxdp.bpf.NetDevice;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SteeringReport;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SteeringPlanTest {

    private static final NetDevice ETH0 = new NetDevice("eth0", 2);
    private static final OwnedInterface OURS = new OwnedInterface("eth0", "steer", "s");

    private static PlannedSteering steer(String name, String cpus, String... interfaces) {
        return new PlannedSteering(name, "uid-" + name, 1L, List.of(interfaces), cpus, 2048, XdpMode.Auto);
    }

    private static Slice slice(PlannedSteering... steering) {
        return slice(Optional.empty(), steering);
    }

    private static Slice slice(Optional<NodePlanStatus> status, PlannedSteering... steering) {
        return new Slice("s", "uid-s", 1, new NodePlanSpec("n1", List.of(), List.of(), List.of(steering)), status);
    }

    private static Steered steered(Set<Integer> cpus) {
        return new Steered(ETH0, io.ipsecxdp.bpf.XdpMode.AUTO, AttachedMode.NATIVE, SteeringConfig.of(cpus, 2048), "");
    }

    private static Journal journal() {
        return Journal.EMPTY.with(List.of(new JournalChange.OwnInterface(OURS)));
    }

    private static Situation situation(
            List<Slice> slices,
            Journal journal,
            Map<String, Integer> pinned,
            Map<String, Steered> steered,
            Map<String, NetDevice> devices) {
        return new Situation(slices, journal, pinned, steered, devices, CpuList.parse("0-3"), Map.of(), "boot");
    }

    private static SteeringStanding standing(SteeringPlan plan, String policy, String interfaceName) {
        return plan.standings().get(new SteeringStanding.Key("uid-" + policy, interfaceName));
    }

    @Test
    void anInterfaceIsWrittenDownAndThenSteered() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "0-1", "eth0"))),
                Journal.EMPTY,
                Map.of(),
                Map.of(),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).hasSize(2);
        assertThat(plan.actions().get(0)).isEqualTo(new Write(new JournalChange.OwnInterface(OURS)));
        assertThat(plan.actions().get(1)).isInstanceOfSatisfying(Open.class, open -> {
            assertThat(open.device()).isEqualTo(ETH0);
            assertThat(open.config().cpus()).containsExactly(0, 1);
        });
    }

    @Test
    void whatIsAsPlannedIsLeftAlone() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "0-1", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
        assertThat(standing(plan, "steer", "eth0").standing().state()).isEqualTo(EntryState.Installed);
        assertThat(standing(plan, "steer", "eth0").mode()).contains(XdpMode.Native);
    }

    @Test
    void otherCpusAreSetWithoutDetaching() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "2-3", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).singleElement().isInstanceOf(Reconfigure.class);
    }

    @Test
    void cpusThatTheNodeDoesNotHaveAreLeftOutAndNamed() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "2-5", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(2, 3))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
        assertThat(standing(plan, "steer", "eth0").standing().message()).contains("CPUs 2-3", "no CPU 4-5");
    }

    @Test
    void aNodeWithNoneOfTheCpusSaysSo() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "8-9", "eth0"))),
                Journal.EMPTY,
                Map.of(),
                Map.of(),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
        assertThat(standing(plan, "steer", "eth0").standing().reason()).isEqualTo(Reason.CpuNotOnNode);
    }

    @Test
    void aMissingInterfaceIsNamedAndTheOthersGoOn() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "0-1", "eth9", "eth0"))),
                Journal.EMPTY,
                Map.of(),
                Map.of(),
                Map.of("eth0", ETH0)));

        assertThat(standing(plan, "steer", "eth9").standing().reason()).isEqualTo(Reason.InterfaceNotFound);
        assertThat(plan.actions()).anySatisfy(action -> assertThat(action).isInstanceOf(Open.class));
    }

    @Test
    void anInterfaceThatWasMadeAnewIsSteeredAnew() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "0-1", "eth0"))),
                journal(),
                Map.of("eth0", 0),
                Map.of(),
                Map.of("eth0", new NetDevice("eth0", 17))));

        assertThat(plan.actions()).singleElement().isInstanceOf(Open.class);
    }

    @Test
    void anEmptyPlanEndsSteeringAndAMissingOneHoldsIt() {
        assertThat(SteeringPlan.of(situation(
                                List.of(slice()), journal(), Map.of("eth0", 2), Map.of(), Map.of("eth0", ETH0)))
                        .actions())
                .containsExactly(new End("eth0"), new Write(new JournalChange.DisownInterface("eth0")));
        assertThat(SteeringPlan.of(situation(List.of(), journal(), Map.of("eth0", 2), Map.of(), Map.of("eth0", ETH0)))
                        .actions())
                .isEmpty();
    }

    @Test
    void withTheJournalLostThePlansStatusSaysWhoseItIs() {
        NodePlanStatus status = new NodePlanStatus(
                1L,
                "boot",
                "1/1",
                List.of(),
                List.of(),
                List.of(new SteeringReport(
                        "steer", "eth0", "uid-steer", 1L, EntryState.Installed, "Installed", "x", XdpMode.Native)),
                List.of(),
                List.of());
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(Optional.of(status))), Journal.EMPTY, Map.of("eth0", 2), Map.of(), Map.of("eth0", ETH0)));

        assertThat(plan.actions()).contains(new End("eth0"));
    }

    @Test
    void whatNoKnownPlanListedIsHeld() {
        SteeringPlan plan = SteeringPlan.of(
                situation(List.of(slice()), Journal.EMPTY, Map.of("eth0", 2), Map.of(), Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
    }

    @Test
    void anInterfaceThatWasRenamedAwayIsNotSteeredUnderItsNewName() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "0-1", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of(),
                Map.of("lan0", new NetDevice("lan0", 2))));

        assertThat(plan.actions()).containsExactly(new End("eth0"));
        assertThat(standing(plan, "steer", "eth0").standing().reason()).isEqualTo(Reason.InterfaceNotFound);
    }

    @Test
    void anInterfaceOfTwoPoliciesGoesToTheFirst() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "0-1", "eth0"), steer("second", "2-3", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
        assertThat(standing(plan, "second", "eth0").standing().reason()).isEqualTo(Reason.InterfaceTaken);
    }

    @Test
    void cpusThatAreNoListAreInvalid() {
        SteeringPlan plan = SteeringPlan.of(situation(
                List.of(slice(steer("steer", "all", "eth0"))),
                Journal.EMPTY,
                Map.of(),
                Map.of(),
                Map.of("eth0", ETH0)));

        assertThat(standing(plan, "steer", "eth0").standing().reason()).isEqualTo(Reason.Invalid);
    }
}
