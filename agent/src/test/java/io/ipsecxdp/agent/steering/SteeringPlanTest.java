package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.OwnedInterface;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.steering.SteeringAction.End;
import io.ipsecxdp.agent.steering.SteeringAction.Open;
import io.ipsecxdp.agent.steering.SteeringAction.Reconfigure;
import io.ipsecxdp.agent.steering.SteeringAction.SwitchOff;
import io.ipsecxdp.agent.steering.SteeringAction.Write;
import io.ipsecxdp.bpf.Assignment;
import io.ipsecxdp.bpf.AttachedMode;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.UnknownSpiHandling;
import io.ipsecxdp.crds.CpuAssignment;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.FixedCpu;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.NumaPreference;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SteeringReport;
import io.ipsecxdp.crds.UnknownSpiAction;
import io.ipsecxdp.crds.VlanOffload;
import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.links.Link;
import io.ipsecxdp.xfrm.links.XdpFeatures;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SteeringPlanTest {

    private static final NetDevice ETH0 = new NetDevice("eth0", 2);
    private static final OwnedInterface OURS = new OwnedInterface("eth0", "steer", "s");

    private static final UnknownSpiRules NOTHING_LEARNED = new UnknownSpiRules(Set.of(), Optional.of(Set.of()), true);

    private static PlannedSteering steer(String name, String cpus, String... interfaces) {
        return new PlannedSteering(name, "uid-" + name, 1L, List.of(interfaces), cpus, 2048, XdpMode.Auto);
    }

    private static Slice slice(PlannedSteering... steering) {
        return slice(Optional.empty(), steering);
    }

    private static Slice slice(Optional<NodePlanStatus> status, PlannedSteering... steering) {
        return new Slice("s", "uid-s", 1, new NodePlanSpec("n1", List.of(), List.of(), List.of(steering)), status);
    }

    private static AttachedProgram steered(Set<Integer> cpus) {
        return new AttachedProgram(
                ETH0, io.ipsecxdp.bpf.WantedXdpMode.AUTO, AttachedMode.NATIVE, SteeringConfig.of(cpus, 2048), "");
    }

    private static Journal journal() {
        return Journal.EMPTY.with(List.of(new JournalChange.OwnInterface(OURS)));
    }

    private static SteeringInput input(
            List<Slice> slices,
            Journal journal,
            Map<String, Integer> pinned,
            Map<String, AttachedProgram> steered,
            Map<String, NetDevice> devices) {
        Map<String, Link> links = new TreeMap<>();
        devices.forEach((name, device) -> links.put(name, Link.of(device)));
        return new SteeringInput(
                slices,
                journal,
                pinned,
                steered,
                links,
                Set.of(),
                CpuList.parse("0-3"),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                NOTHING_LEARNED,
                Map.of(),
                Map.of(),
                "boot");
    }

    /** A node with these interfaces and NUMA nodes, where nothing is steered yet. */
    private static SteeringPlan fresh(
            Map<String, Link> links,
            Set<Integer> ofDefaultRoutes,
            Map<String, CpuList> localCpus,
            Map<String, TagLoss> tagLosses,
            PlannedSteering... steering) {
        return SteeringPlan.of(new SteeringInput(
                List.of(slice(steering)),
                Journal.EMPTY,
                Map.of(),
                Map.of(),
                links,
                ofDefaultRoutes,
                CpuList.parse("0-3"),
                localCpus,
                tagLosses,
                Map.of(),
                Map.of(),
                NOTHING_LEARNED,
                Map.of(),
                Map.of(),
                "boot"));
    }

    private static Map<String, Link> links(String... names) {
        Map<String, Link> links = new TreeMap<>();
        for (String name : names) {
            links.put(name, Link.of(new NetDevice(name, links.size() + 1)));
        }
        return links;
    }

    private static PlannedSteering withPriority(String name, int priority, String... interfaces) {
        return new PlannedSteering(
                name, "uid-" + name, 1L, List.of(interfaces), "0-3", 2048, XdpMode.Auto, priority, null, null);
    }

    private static PlannedSteering numaLocal(String cpus) {
        return new PlannedSteering(
                "steer", "uid-steer", 1L, List.of("eth0"), cpus, 2048, XdpMode.Auto, null, NumaPreference.Local, null);
    }

    private static PlannedSteering offload(VlanOffload offload) {
        return new PlannedSteering(
                "steer", "uid-steer", 1L, List.of("eth0"), "0-3", 2048, XdpMode.Auto, null, null, offload);
    }

    private static List<String> opened(SteeringPlan plan) {
        return plan.actions().stream()
                .filter(Open.class::isInstance)
                .map(Open.class::cast)
                .map(open ->
                        open.device().name() + " for " + open.wanted().planned().name() + " to "
                                + open.config().cpus())
                .sorted()
                .toList();
    }

    @Test
    void aPatternMeansAllInterfacesThatMatchItButNotTheLoopback() {
        Map<String, Link> links = links("lo", "ens1", "ens2f0", "eth0");

        assertThat(opened(fresh(links, Set.of(), Map.of(), Map.of(), steer("a", "0", "ens*"))))
                .containsExactly("ens1 for a to [0]", "ens2f0 for a to [0]");
        assertThat(opened(fresh(links, Set.of(), Map.of(), Map.of(), steer("a", "0", "e??0"))))
                .containsExactly("eth0 for a to [0]");
        assertThat(opened(fresh(links, Set.of(), Map.of(), Map.of(), steer("a", "0", "*"))))
                .hasSize(3);
    }

    @Test
    void theDefaultRouteMeansTheInterfacesThatHaveIt() {
        SteeringPlan plan =
                fresh(links("eth0", "eth1"), Set.of(2), Map.of(), Map.of(), steer("a", "0", "default route"));

        assertThat(opened(plan)).containsExactly("eth1 for a to [0]");
    }

    @Test
    void aPolicyThatMeansNoInterfaceOfTheNodeSaysSo() {
        SteeringPlan plan = fresh(links("eth0"), Set.of(), Map.of(), Map.of(), steer("a", "0", "ens*"));

        assertThat(status(plan, "a", "ens*").status().reason()).isEqualTo(Reason.InterfaceNotFound);
        assertThat(status(plan, "a", "ens*").status().message()).contains("matches ens*");
    }

    @Test
    void aPatternWithoutAMatchIsNoFailureWhereThePolicyMeansAnotherInterface() {
        SteeringPlan plan = fresh(links("eth0"), Set.of(), Map.of(), Map.of(), steer("a", "0", "ens*", "eth*"));

        assertThat(status(plan, "a", "ens*").status().state()).isEqualTo(EntryState.Installed);
        assertThat(opened(plan)).containsExactly("eth0 for a to [0]");
    }

    @Test
    void theLowerPriorityNumberGetsTheInterfaceAndTheOtherIsToldWhoHasIt() {
        SteeringPlan plan = fresh(
                links("eth0", "eth1"),
                Set.of(),
                Map.of(),
                Map.of(),
                withPriority("broad", 1000, "eth*"),
                withPriority("narrow", 10, "eth1"));

        assertThat(opened(plan)).containsExactly("eth0 for broad to [0, 1, 2, 3]", "eth1 for narrow to [0, 1, 2, 3]");
        assertThat(status(plan, "broad", "eth*").status().reason()).isEqualTo(Reason.InterfaceTaken);
        assertThat(status(plan, "broad", "eth*").status().message())
                .contains("SteeringPolicy narrow", "priority 10", "this one has 1000");
    }

    @Test
    void ofTwoWithTheSamePriorityTheOneThatHasTheInterfaceKeepsIt() {
        PlannedSteering named = steer("named", "2-3", "eth0");
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "0-1", "eth*"), named)),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
        assertThat(status(plan, "named", "eth0").status().reason()).isEqualTo(Reason.InterfaceTaken);
    }

    @Test
    void aPriorityChangesHandsWithoutDetaching() {
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "0-1", "eth0"), withPriority("better", 1, "eth*"))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).noneMatch(End.class::isInstance).anyMatch(Reconfigure.class::isInstance);
    }

    @Test
    void thePreferredCpusAreThoseOfTheInterfacesNumaNode() {
        Map<String, CpuList> local = Map.of("eth0", CpuList.parse("2-3"));

        assertThat(opened(fresh(links("eth0"), Set.of(), local, Map.of(), numaLocal("0-3"))))
                .containsExactly("eth0 for steer to [2, 3]");
        assertThat(opened(fresh(links("eth0"), Set.of(), local, Map.of(), numaLocal("1-2"))))
                .containsExactly("eth0 for steer to [2]");
        assertThat(opened(fresh(links("eth0"), Set.of(), local, Map.of(), numaLocal("0-1"))))
                .containsExactly("eth0 for steer to [0, 1]");
        assertThat(opened(fresh(links("eth0"), Set.of(), Map.of(), Map.of(), numaLocal("0-3"))))
                .containsExactly("eth0 for steer to [0, 1, 2, 3]");
    }

    @Test
    void whereTagsWouldBeLostNothingIsSteeredOrTheOffloadGoesFirst() {
        Map<String, TagLoss> loss = Map.of(
                "eth0",
                new TagLoss(
                        new TreeSet<>(Set.of("eth0.7")),
                        new TreeMap<>(Map.of("eth0", new TreeSet<>(Set.of("rx-vlan-hw-parse"))))));
        SteeringPlan left = fresh(links("eth0"), Set.of(), Map.of(), loss, offload(VlanOffload.DontSteer));
        SteeringPlan switched = fresh(links("eth0"), Set.of(), Map.of(), loss, offload(VlanOffload.SwitchOff));

        assertThat(left.actions()).isEmpty();
        assertThat(status(left, "steer", "eth0").status().reason()).isEqualTo(Reason.VlanOffload);
        assertThat(switched.actions()).hasExactlyElementsOfTypes(SwitchOff.class, Write.class, Open.class);
    }

    @Test
    void aVlanThatIsStackedLaterEndsSteeringWhereItsTagsWouldBeLost() {
        TagLoss loss = new TagLoss(new TreeSet<>(Set.of("eth0.7")), new TreeMap<>());
        SteeringPlan plan = SteeringPlan.of(new SteeringInput(
                List.of(slice(offload(VlanOffload.SwitchOff))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1, 2, 3))),
                Map.of("eth0", Link.of(ETH0)),
                Set.of(),
                CpuList.parse("0-3"),
                Map.of(),
                Map.of("eth0", loss),
                Map.of(),
                Map.of(),
                NOTHING_LEARNED,
                Map.of(),
                Map.of(),
                "boot"));

        assertThat(plan.actions()).startsWith(new End("eth0"));
        assertThat(status(plan, "steer", "eth0").status().message())
                .contains("another network namespace", "spec.mode: Generic");
    }

    private static InterfaceStatus status(SteeringPlan plan, String policy, String interfaceName) {
        return plan.statuses().get(new InterfaceStatus.Key("uid-" + policy, interfaceName));
    }

    @Test
    void anInterfaceIsWrittenDownAndThenSteered() {
        SteeringPlan plan = SteeringPlan.of(input(
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
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "0-1", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
        assertThat(status(plan, "steer", "eth0").status().state()).isEqualTo(EntryState.Installed);
        assertThat(status(plan, "steer", "eth0").mode()).contains(XdpMode.Native);
    }

    @Test
    void otherCpusAreSetWithoutDetaching() {
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "2-3", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).singleElement().isInstanceOf(Reconfigure.class);
    }

    @Test
    void cpusThatTheNodeDoesNotHaveAreLeftOutAndNamed() {
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "2-5", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(2, 3))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
        assertThat(status(plan, "steer", "eth0").status().message()).contains("CPUs 2-3", "no CPU 4-5");
    }

    @Test
    void aNodeWithNoneOfTheCpusSaysSo() {
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "8-9", "eth0"))),
                Journal.EMPTY,
                Map.of(),
                Map.of(),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
        assertThat(status(plan, "steer", "eth0").status().reason()).isEqualTo(Reason.CpuNotOnNode);
    }

    @Test
    void aMissingInterfaceIsNamedAndTheOthersGoOn() {
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "0-1", "eth9", "eth0"))),
                Journal.EMPTY,
                Map.of(),
                Map.of(),
                Map.of("eth0", ETH0)));

        assertThat(status(plan, "steer", "eth9").status().reason()).isEqualTo(Reason.InterfaceNotFound);
        assertThat(plan.actions()).anySatisfy(action -> assertThat(action).isInstanceOf(Open.class));
    }

    @Test
    void anInterfaceThatWasMadeAnewIsSteeredAnew() {
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "0-1", "eth0"))),
                journal(),
                Map.of("eth0", 0),
                Map.of(),
                Map.of("eth0", new NetDevice("eth0", 17))));

        assertThat(plan.actions()).singleElement().isInstanceOf(Open.class);
    }

    @Test
    void anEmptyPlanEndsSteeringAndAMissingOneHoldsIt() {
        assertThat(SteeringPlan.of(
                                input(List.of(slice()), journal(), Map.of("eth0", 2), Map.of(), Map.of("eth0", ETH0)))
                        .actions())
                .containsExactly(new End("eth0"), new Write(new JournalChange.DisownInterface("eth0")));
        assertThat(SteeringPlan.of(input(List.of(), journal(), Map.of("eth0", 2), Map.of(), Map.of("eth0", ETH0)))
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
                List.of());
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(Optional.of(status))), Journal.EMPTY, Map.of("eth0", 2), Map.of(), Map.of("eth0", ETH0)));

        assertThat(plan.actions()).contains(new End("eth0"));
    }

    @Test
    void whatNoKnownPlanListedIsHeld() {
        SteeringPlan plan = SteeringPlan.of(
                input(List.of(slice()), Journal.EMPTY, Map.of("eth0", 2), Map.of(), Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
    }

    @Test
    void anInterfaceThatWasRenamedAwayIsNotSteeredUnderItsNewName() {
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "0-1", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of(),
                Map.of("lan0", new NetDevice("lan0", 2))));

        assertThat(plan.actions()).containsExactly(new End("eth0"));
        assertThat(status(plan, "steer", "eth0").status().reason()).isEqualTo(Reason.InterfaceNotFound);
    }

    @Test
    void anInterfaceOfTwoPoliciesGoesToTheFirst() {
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "0-1", "eth0"), steer("second", "2-3", "eth0"))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1))),
                Map.of("eth0", ETH0)));

        assertThat(plan.actions()).isEmpty();
        assertThat(status(plan, "second", "eth0").status().reason()).isEqualTo(Reason.InterfaceTaken);
    }

    @Test
    void cpusThatAreNoListAreInvalid() {
        SteeringPlan plan = SteeringPlan.of(input(
                List.of(slice(steer("steer", "all", "eth0"))),
                Journal.EMPTY,
                Map.of(),
                Map.of(),
                Map.of("eth0", ETH0)));

        assertThat(status(plan, "steer", "eth0").status().reason()).isEqualTo(Reason.Invalid);
    }

    @Test
    void aQueueThatNoKernelTakesIsInvalidAndKeepsNoOtherFromBeingSteered() {
        PlannedSteering bad = new PlannedSteering("bad", "uid-bad", 1L, List.of("eth0"), "0-1", 0, XdpMode.Auto);

        SteeringPlan plan =
                fresh(links("eth0", "eth1"), Set.of(), Map.of(), Map.of(), bad, steer("good", "0-1", "eth1"));

        assertThat(status(plan, "bad", "eth0").status().reason()).isEqualTo(Reason.Invalid);
        assertThat(opened(plan)).containsExactly("eth1 for good to [0, 1]");
    }

    private static PlannedSteering lookup(
            CpuAssignment assignment, List<FixedCpu> fixed, UnknownSpiAction unknown, Long mark) {
        return new PlannedSteering(
                "steer",
                "uid-steer",
                1L,
                List.of("eth0"),
                "0-1",
                2048,
                XdpMode.Auto,
                null,
                null,
                null,
                assignment,
                fixed,
                unknown,
                60,
                List.of(4500, 4501),
                mark,
                7);
    }

    private static SteeringConfig configured(UnknownSpiRules unknownSpis, PlannedSteering planned) {
        return configured(unknownSpis, planned, Map.of("eth0", Link.of(ETH0)));
    }

    private static SteeringConfig configured(
            UnknownSpiRules unknownSpis, PlannedSteering planned, Map<String, Link> links) {
        SteeringPlan plan = SteeringPlan.of(new SteeringInput(
                List.of(slice(planned)),
                Journal.EMPTY,
                Map.of(),
                Map.of(),
                links,
                Set.of(),
                CpuList.parse("0-3"),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                unknownSpis,
                Map.of("eth0", new TreeMap<>(Map.of(3, 1, 4, 2))),
                Map.of(),
                "boot"));
        return plan.actions().stream()
                .filter(Open.class::isInstance)
                .map(action -> ((Open) action).config())
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatThePolicySaysOfAssignmentAndLookupReachesTheProgram() {
        SteeringConfig config = configured(
                NOTHING_LEARNED,
                lookup(CpuAssignment.Fixed, List.of(new FixedCpu(4096L, 1)), UnknownSpiAction.Count, 0xffff_ffffL));

        assertThat(config.assignment()).isEqualTo(Assignment.OWNER);
        assertThat(config.fixed()).isEqualTo(Map.of(4096L, 1));
        assertThat(config.unknownSpi()).isEqualTo(UnknownSpiHandling.COUNT);
        assertThat(config.udpPorts()).containsExactly(4500, 4501);
        assertThat(config.mark()).isEqualTo(-1);
        assertThat(config.netnsId()).hasValue(7);
        assertThat(config.countBuckets()).isFalse();
        assertThat(config.movedBuckets()).isEmpty();
    }

    @Test
    void onlyAnAdaptivePolicyMovesBucketsAndOnlyToItsOwnCpus() {
        SteeringConfig config =
                configured(NOTHING_LEARNED, lookup(CpuAssignment.Adaptive, List.of(), UnknownSpiAction.Pass, 0L));

        assertThat(config.countBuckets()).isTrue();
        assertThat(config.movedBuckets()).isEqualTo(Map.of(3, 1));
        assertThat(configured(NOTHING_LEARNED, lookup(CpuAssignment.Hash, List.of(), UnknownSpiAction.Pass, 0L))
                        .assignment())
                .isEqualTo(Assignment.HASH);
    }

    @Test
    void unknownSpisAreDroppedOnlyWhenThatIsLearnedAndNoSaIsHidden() {
        PlannedSteering drop = lookup(CpuAssignment.Owner, List.of(), UnknownSpiAction.Drop, 5L);
        Set<InterfaceStatus.Key> learned = Set.of(new InterfaceStatus.Key("uid-steer", "eth0"));
        Optional<Set<XfrmMark>> visible = Optional.of(Set.of(XfrmMark.NONE, new XfrmMark(5, 0xff), new XfrmMark(1, 1)));
        Optional<Set<XfrmMark>> hidden = Optional.of(Set.of(new XfrmMark(6, 0xff)));

        assertThat(configured(new UnknownSpiRules(learned, visible, true), drop).unknownSpi())
                .isEqualTo(UnknownSpiHandling.DROP);
        assertThat(configured(new UnknownSpiRules(Set.of(), visible, true), drop)
                        .unknownSpi())
                .isEqualTo(UnknownSpiHandling.COUNT);
        assertThat(configured(new UnknownSpiRules(learned, hidden, true), drop).unknownSpi())
                .isEqualTo(UnknownSpiHandling.COUNT);
        assertThat(configured(new UnknownSpiRules(learned, Optional.empty(), true), drop)
                        .unknownSpi())
                .isEqualTo(UnknownSpiHandling.COUNT);
        assertThat(configured(new UnknownSpiRules(learned, visible, false), drop)
                        .unknownSpi())
                .isEqualTo(UnknownSpiHandling.COUNT);
    }

    @Test
    void unknownSpisThatMayBeForOthersAreNotDropped() {
        PlannedSteering drop = lookup(CpuAssignment.Owner, List.of(), UnknownSpiAction.Drop, 0L);
        UnknownSpiRules learned =
                new UnknownSpiRules(Set.of(new InterfaceStatus.Key("uid-steer", "eth0")), Optional.of(Set.of()), true);
        Link bridge = link(new NetDevice("br0", 5), "bridge", OptionalInt.empty(), OptionalInt.empty());
        Link port = link(ETH0, "", OptionalInt.empty(), OptionalInt.of(5));
        Link macvlan = link(new NetDevice("pod0", 6), "macvlan", OptionalInt.of(ETH0.index()), OptionalInt.empty());

        assertThat(configured(learned, drop, Map.of("eth0", Link.of(ETH0), "br0", bridge))
                        .unknownSpi())
                .isEqualTo(UnknownSpiHandling.DROP);
        assertThat(configured(learned, drop, Map.of("eth0", port, "br0", bridge))
                        .unknownSpi())
                .isEqualTo(UnknownSpiHandling.COUNT);
        assertThat(configured(learned, drop, Map.of("eth0", Link.of(ETH0), "pod0", macvlan))
                        .unknownSpi())
                .isEqualTo(UnknownSpiHandling.COUNT);
    }

    private static Link link(NetDevice device, String kind, OptionalInt other, OptionalInt master) {
        return new Link(device, Link.ETHERNET, kind, other, master, false, false, 1500);
    }

    private static Link withoutEthernet(String name, int index, int hardware, String kind) {
        return new Link(
                new NetDevice(name, index),
                hardware,
                kind,
                OptionalInt.empty(),
                OptionalInt.empty(),
                false,
                false,
                1500);
    }

    @Test
    void whatHasNoEthernetHeaderIsRefusedByNameAndNotMeantByAPattern() {
        Map<String, Link> links = new TreeMap<>(links("eth0"));
        links.put("tun0", withoutEthernet("tun0", 7, 65534, "tun"));
        links.put("tunl0", withoutEthernet("tunl0", 8, 768, "ipip"));
        links.put("ppp0", withoutEthernet("ppp0", 9, 512, ""));

        SteeringPlan named = fresh(links, Set.of(), Map.of(), Map.of(), steer("steer", "0-3", "tunl0", "ppp0"));
        SteeringPlan pattern = fresh(links, Set.of(), Map.of(), Map.of(), steer("steer", "0-3", "*"));
        SteeringPlan route = fresh(links, Set.of(7), Map.of(), Map.of(), steer("steer", "0-3", "default route"));

        assertThat(named.actions()).isEmpty();
        assertThat(status(named, "steer", "tunl0").status().reason()).isEqualTo(Reason.Unsupported);
        assertThat(status(named, "steer", "tunl0").status().message())
                .isEqualTo("tunl0 is a ipip interface, whose packets have no Ethernet header, and steering needs one."
                        + " Leave it out of spec.interfaces; ESP that the interface below receives is steered there.");
        assertThat(status(named, "steer", "ppp0").status().message()).startsWith("ppp0 is a type-512 interface");
        assertThat(opened(pattern)).containsExactly("eth0 for steer to [0, 1, 2, 3]");
        assertThat(status(route, "steer", "default route").status().reason()).isEqualTo(Reason.Unsupported);
    }

    /** A node on which eth0 is steered in native mode, and what its driver tells and does. */
    private static SteeringPlan running(XdpMode mode, Map<String, XdpFeatures> features, Map<NetDevice, Long> lost) {
        return SteeringPlan.of(new SteeringInput(
                List.of(slice(new PlannedSteering("steer", "uid-steer", 1L, List.of("eth0"), "0-1", 2048, mode))),
                journal(),
                Map.of("eth0", 2),
                Map.of("eth0", steered(Set.of(0, 1))),
                Map.of("eth0", Link.of(ETH0)),
                Set.of(),
                CpuList.parse("0-3"),
                Map.of(),
                Map.of(),
                features,
                lost,
                NOTHING_LEARNED,
                Map.of(),
                Map.of(),
                "boot"));
    }

    /** As of ixgbevf: NETDEV_XDP_ACT_BASIC alone. */
    private static final Map<String, XdpFeatures> CANNOT_REDIRECT = Map.of("eth0", new XdpFeatures(1));

    @Test
    void aDriverThatCannotRedirectGetsGenericModeOrASentence() {
        SteeringPlan auto = running(XdpMode.Auto, CANNOT_REDIRECT, Map.of());
        SteeringPlan nativeMode = running(XdpMode.Native, CANNOT_REDIRECT, Map.of());

        assertThat(auto.actions())
                .hasOnlyElementsOfType(Open.class)
                .first()
                .isInstanceOfSatisfying(
                        Open.class, open -> assertThat(open.mode()).isEqualTo(io.ipsecxdp.bpf.WantedXdpMode.GENERIC));
        assertThat(nativeMode.actions()).startsWith(new End("eth0"));
        assertThat(status(nativeMode, "steer", "eth0").status().reason()).isEqualTo(Reason.Unsupported);
        assertThat(status(nativeMode, "steer", "eth0").status().message())
                .contains("NETDEV_XDP_ACT_REDIRECT", "Set spec.mode: Auto or Generic.");
    }

    @Test
    void whatADriverDoesNotTellIsLeftToTheKernel() {
        for (Map<String, XdpFeatures> told : List.of(
                Map.<String, XdpFeatures>of(),
                Map.of("eth0", new XdpFeatures(0)),
                Map.of("eth0", new XdpFeatures(3)))) {
            assertThat(running(XdpMode.Auto, told, Map.of()).actions()).isEmpty();
        }
    }

    @Test
    void whereRedirectedPacketsAreLostSteeringEndsUnlessInGenericMode() {
        SteeringPlan plan = running(XdpMode.Auto, Map.of(), Map.of(ETH0, 4711L));

        assertThat(plan.actions())
                .containsExactly(new End("eth0"), new Write(new JournalChange.DisownInterface("eth0")));
        assertThat(status(plan, "steer", "eth0").status().reason()).isEqualTo(Reason.RedirectLost);
        assertThat(status(plan, "steer", "eth0").status().message())
                .contains("4711 packets", "Set spec.mode: Generic.");
        assertThat(running(XdpMode.Generic, Map.of(), Map.of(ETH0, 4711L)).actions())
                .hasOnlyElementsOfType(Open.class);
        assertThat(running(XdpMode.Auto, Map.of(), Map.of(new NetDevice("eth0", 3), 4711L))
                        .actions())
                .isEmpty();
    }
}
