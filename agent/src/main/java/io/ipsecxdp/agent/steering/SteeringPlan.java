package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.JournalChange.DisownInterface;
import io.ipsecxdp.agent.ledger.JournalChange.OwnInterface;
import io.ipsecxdp.agent.ledger.OwnedInterface;
import io.ipsecxdp.agent.plan.EntryStatus;
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
import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.crds.CpuAssignment;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.NumaPreference;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SteeringReport;
import io.ipsecxdp.crds.VlanOffload;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.links.Link;
import io.ipsecxdp.xfrm.links.XdpFeatures;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What to do so that the interfaces are steered as planned, and how each stands at this moment.
 *
 * @param actions in order: what leaves goes first, so that an interface that was renamed is free
 */
record SteeringPlan(List<SteeringAction> actions, Map<InterfaceStatus.Key, InterfaceStatus> standings) {

    /** Of the interfaces that one pattern means, so many are told of in words. */
    private static final int MOST_TOLD = 5;

    /**
     * An interface that this agent steers.
     *
     * @param mode that was asked for
     * @param attached that the kernel chose
     * @param note what a person should know of it, empty if nothing
     */
    record Steered(NetDevice device, WantedXdpMode mode, AttachedMode attached, SteeringConfig config, String note) {}

    /**
     * All that the plan depends on.
     *
     * @param pinned interface names under which something of us is pinned, to the index it is attached to, 0 for none
     * @param steered what this agent opened and is still attached, by interface name
     * @param links interfaces of the node, by name
     * @param ofDefaultRoutes indexes of the interfaces of default routes
     * @param localCpus the CPUs of an interface's NUMA node, by its name, where asked for and known
     * @param tagLosses interfaces on which native XDP does not see VLAN tags, by name
     * @param xdpFeatures what the drivers tell of native XDP, by interface
     * @param lost interfaces on which redirected packets did not arrive in native mode, and how many at least
     * @param moved buckets that go to another CPU than the hash says, by interface
     * @param refused what was refused a short while ago and is not tried again yet
     */
    record Situation(
            List<Slice> slices,
            Journal journal,
            Map<String, Integer> pinned,
            Map<String, Steered> steered,
            Map<String, Link> links,
            Set<Integer> ofDefaultRoutes,
            CpuList onlineCpus,
            Map<String, CpuList> localCpus,
            Map<String, TagLoss> tagLosses,
            Map<String, XdpFeatures> xdpFeatures,
            Map<NetDevice, Long> lost,
            UnknownSpiRules unknownSpis,
            Map<String, SortedMap<Integer, Integer>> moved,
            Map<DesiredSteering, InterfaceStatus> refused,
            String boot) {}

    static SteeringPlan of(Situation now) {
        List<SteeringRequest> wishes = SteeringRequest.of(now.slices());
        Map<String, DesiredSteering> winners = winners(now, wishes);
        Map<String, DesiredSteering> wanted = new LinkedHashMap<>(winners);
        wanted.values().removeIf(steering -> unsteerable(now, steering).isPresent());
        List<SteeringAction> actions = new ArrayList<>(leftovers(now, wanted));
        Map<String, InterfaceStatus> byInterface = new HashMap<>();
        winners.forEach((name, steering) ->
                byInterface.put(name, unsteerable(now, steering).orElseGet(() -> decide(now, steering, actions))));
        Map<InterfaceStatus.Key, InterfaceStatus> standings = new HashMap<>();
        for (SteeringRequest wish : wishes) {
            standings.putIfAbsent(wish.key(), standing(now, wish, wishes, winners, byInterface));
        }
        return new SteeringPlan(List.copyOf(actions), Map.copyOf(standings));
    }

    /**
     * Each interface goes to the policy with the lowest priority number; among those with the same to the one that has
     * it, then to the one that says most clearly that it means it, then to the first of the plan.
     */
    private static Map<String, DesiredSteering> winners(Situation now, List<SteeringRequest> wishes) {
        Map<String, List<SteeringRequest>> contenders = new LinkedHashMap<>();
        for (SteeringRequest wish : wishes) {
            wish.meant(now.links().values(), now.ofDefaultRoutes())
                    .forEach(name -> contenders
                            .computeIfAbsent(name, none -> new ArrayList<>())
                            .add(wish));
        }
        Map<String, DesiredSteering> winners = new LinkedHashMap<>();
        contenders.forEach((name, those) -> {
            Optional<String> holder =
                    Optional.ofNullable(now.journal().interfaces().get(name)).map(OwnedInterface::policy);
            those.stream()
                    .min(Comparator.comparingInt(
                                    (SteeringRequest wish) -> wish.planned().priority())
                            .thenComparing(wish ->
                                    !holder.equals(Optional.of(wish.planned().name())))
                            .thenComparingInt(SteeringRequest::vagueness))
                    .ifPresent(wish -> winners.put(name, wish.on(name)));
        });
        return winners;
    }

    /** Why an interface is left alone, or let go, whatever else is so. */
    private static Optional<InterfaceStatus> unsteerable(Situation now, DesiredSteering wanted) {
        Optional<Link> link = Optional.ofNullable(now.links().get(wanted.interfaceName()));
        return link.filter(there -> !there.hasEthernetHeader())
                .map(SteeringPlan::withoutEthernet)
                .or(() -> mode(now, wanted).refusal().map(why -> failed(Reason.Unsupported, why)))
                .or(() -> link.flatMap(there -> redirectLost(now, wanted, there.device())))
                .or(() -> tagLoss(now, wanted)
                        .filter(loss ->
                                wanted.planned().vlanOffload() == VlanOffload.DontSteer || !loss.canBeSwitchedOff())
                        .map(loss -> failed(Reason.VlanOffload, loss.message())));
    }

    private static InterfaceStatus withoutEthernet(Link link) {
        return failed(
                Reason.Unsupported,
                ("%s is a %s interface, whose packets have no Ethernet header, and steering needs one. Leave it out of "
                                + "spec.interfaces; ESP that the interface below receives is steered there.")
                        .formatted(
                                link.device().name(), link.kind().isEmpty() ? "type-" + link.hardware() : link.kind()));
    }

    private static Optional<InterfaceStatus> redirectLost(Situation now, DesiredSteering wanted, NetDevice device) {
        return Optional.ofNullable(now.lost().get(device))
                .filter(packets -> mode(now, wanted).mode() != WantedXdpMode.GENERIC)
                .map(packets -> failed(
                        Reason.RedirectLost,
                        ("Of %d packets that XDP sent to other CPUs none arrived, so nothing is steered here any more: the "
                                        + "driver's native XDP loses them. Set spec.mode: Generic.")
                                .formatted(packets)));
    }

    private static ModeChoice mode(Situation now, DesiredSteering wanted) {
        return ModeChoice.of(
                wanted.planned().mode(), Optional.ofNullable(now.xdpFeatures().get(wanted.interfaceName())));
    }

    private static Optional<TagLoss> tagLoss(Situation now, DesiredSteering wanted) {
        boolean generic = mode(now, wanted).mode() == WantedXdpMode.GENERIC
                || Optional.ofNullable(now.steered().get(wanted.interfaceName()))
                        .filter(there -> there.attached() == AttachedMode.GENERIC)
                        .isPresent();
        return generic ? Optional.empty() : Optional.ofNullable(now.tagLosses().get(wanted.interfaceName()));
    }

    /** How one entry of a policy stands, of all the interfaces that it means. */
    private static InterfaceStatus standing(
            Situation now,
            SteeringRequest wish,
            List<SteeringRequest> all,
            Map<String, DesiredSteering> winners,
            Map<String, InterfaceStatus> byInterface) {
        List<String> names = wish.meant(now.links().values(), now.ofDefaultRoutes());
        if (names.isEmpty()) {
            boolean others = all.stream()
                    .filter(other -> other.planned().uid().equals(wish.planned().uid()))
                    .flatMap(other -> other.meant(now.links().values(), now.ofDefaultRoutes()).stream())
                    .anyMatch(now.links()::containsKey);
            String message = wish.isDefaultRoute()
                    ? "No default route leads through an interface of this node; it is steered as soon as one does."
                    : "No interface of this node matches %s; one is steered as soon as it appears."
                            .formatted(wish.entry());
            return others
                    ? new InterfaceStatus(EntryStatus.installed(message), Optional.empty())
                    : failed(Reason.InterfaceNotFound, message);
        }
        Map<String, InterfaceStatus> each = new TreeMap<>();
        for (String name : names) {
            PlannedSteering winner = winners.get(name).planned();
            each.put(
                    name,
                    winner.uid().equals(wish.planned().uid())
                            ? byInterface.get(name)
                            : failed(
                                    Reason.InterfaceTaken,
                                    "The SteeringPolicy %s has the interface, with priority %d; this one has %d, and the lower number wins."
                                            .formatted(
                                                    winner.name(),
                                                    winner.priority(),
                                                    wish.planned().priority())));
        }
        return wish.isName() ? each.get(wish.entry()) : together(each);
    }

    /** The worst of them, and in words how each stands. */
    private static InterfaceStatus together(Map<String, InterfaceStatus> each) {
        InterfaceStatus worst = each.values().stream()
                .max(Comparator.comparing(steering -> steering.standing().state()))
                .orElseThrow();
        Set<Optional<io.ipsecxdp.crds.XdpMode>> modes =
                each.values().stream().map(InterfaceStatus::mode).collect(Collectors.toSet());
        String message = each.entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<String, InterfaceStatus> entry) ->
                                entry.getValue().standing().state())
                        .reversed())
                .limit(MOST_TOLD)
                .map(entry ->
                        entry.getKey() + ": " + entry.getValue().standing().message())
                .collect(Collectors.joining(" "));
        int more = each.size() - MOST_TOLD;
        return new InterfaceStatus(
                new EntryStatus(
                        worst.standing().state(),
                        worst.standing().reason(),
                        more > 0 ? "%s And %d more.".formatted(message, more) : message),
                modes.size() == 1 ? modes.iterator().next() : Optional.empty());
    }

    private static List<SteeringAction> leftovers(Situation now, Map<String, DesiredSteering> wanted) {
        List<SteeringAction> actions = new ArrayList<>();
        now.pinned().forEach((name, index) -> {
            Optional<OwnedInterface> owned = owner(now, name);
            if (owned.isEmpty()) {
                // Ours, because it is pinned in our place; but no plan that is known ever listed it
                return;
            }
            boolean known = now.slices().stream()
                    .anyMatch(slice -> slice.name().equals(owned.get().slice()));
            boolean renamed = index != 0
                    && Optional.ofNullable(now.links().get(name))
                            .filter(link -> link.device().index() == index)
                            .isEmpty();
            if (known && (!wanted.containsKey(name) || renamed)) {
                actions.add(new End(name));
                if (!wanted.containsKey(name)) {
                    actions.add(new Write(new DisownInterface(name)));
                }
            }
        });
        now.journal().interfaces().forEach((name, owned) -> {
            boolean known = now.slices().stream().anyMatch(slice -> slice.name().equals(owned.slice()));
            if (known && !wanted.containsKey(name) && !now.pinned().containsKey(name)) {
                actions.add(new Write(new DisownInterface(name)));
            }
        });
        return actions;
    }

    /** By the journal; with the journal lost, by what was reported in this boot. */
    private static Optional<OwnedInterface> owner(Situation now, String name) {
        OwnedInterface owned = now.journal().interfaces().get(name);
        if (owned != null) {
            return Optional.of(owned);
        }
        for (Slice slice : now.slices()) {
            Optional<SteeringReport> report = slice.status()
                    .filter(status -> now.boot().equals(status.boot()))
                    .flatMap(status -> status.steering().stream()
                            .filter(entry -> SteeringRequest.canMean(entry.interfaceName(), name)
                                    && entry.state() == EntryState.Installed)
                            .findFirst());
            if (report.isPresent()) {
                return Optional.of(new OwnedInterface(name, report.get().name(), slice.name()));
            }
        }
        return Optional.empty();
    }

    private static InterfaceStatus decide(Situation now, DesiredSteering wanted, List<SteeringAction> actions) {
        String name = wanted.interfaceName();
        PlannedSteering planned = wanted.planned();
        Optional<NetDevice> device = Optional.ofNullable(now.links().get(name)).map(Link::device);
        if (device.isEmpty()) {
            return failed(
                    Reason.InterfaceNotFound,
                    "This node has no interface %s; it is steered as soon as it appears.".formatted(name));
        }
        Cpus cpus;
        try {
            cpus = Cpus.of(
                    planned,
                    now.onlineCpus(),
                    Optional.ofNullable(now.localCpus().get(name)));
        } catch (IllegalArgumentException e) {
            return failed(Reason.Invalid, e.getMessage() + ".");
        }
        if (cpus.usable().isEmpty()) {
            return failed(
                    Reason.CpuNotOnNode,
                    "This node has none of the CPUs %s; it has %s.".formatted(planned.cpus(), now.onlineCpus()));
        }
        Optional<TagLoss> tagLoss = tagLoss(now, wanted);
        ModeChoice choice = mode(now, wanted);
        WantedXdpMode mode = choice.mode();
        UnknownSpiRules.Decision unknown = now.unknownSpis()
                .decide(
                        wanted.key(),
                        planned,
                        now.links().get(name).isShared(now.links().values()));
        SteeringConfig config = config(now, wanted, cpus.usable(), unknown.action());
        Steered there = now.steered().get(name);
        boolean running = there != null && there.device().equals(device.get()) && there.mode() == mode;
        if (running && there.config().equals(config) && tagLoss.isEmpty()) {
            claim(now, wanted, actions);
            return inForce(there, cpus, List.of(unknown.note(), choice.note()));
        }
        InterfaceStatus refused = now.refused().get(wanted);
        if (refused != null) {
            return refused;
        }
        tagLoss.ifPresent(loss -> actions.add(new SwitchOff(wanted, loss)));
        claim(now, wanted, actions);
        if (!running) {
            actions.add(new Open(wanted, device.get(), mode, config));
        } else if (!there.config().equals(config)) {
            actions.add(new Reconfigure(wanted, config));
        }
        return new InterfaceStatus(EntryStatus.pending("The XDP program is being attached."), Optional.empty());
    }

    /** Written down before the program is attached. */
    private static void claim(Situation now, DesiredSteering wanted, List<SteeringAction> actions) {
        OwnedInterface owned =
                new OwnedInterface(wanted.interfaceName(), wanted.planned().name(), wanted.slice());
        if (!owned.equals(now.journal().interfaces().get(wanted.interfaceName()))) {
            actions.add(new Write(new OwnInterface(owned)));
        }
    }

    private static SteeringConfig config(
            Situation now, DesiredSteering wanted, SortedSet<Integer> cpus, UnknownSpiHandling unknownSpi) {
        PlannedSteering planned = wanted.planned();
        Map<Long, Integer> fixed = new TreeMap<>();
        planned.fixed().forEach(entry -> fixed.put(entry.spi(), entry.cpu()));
        boolean adaptive = planned.assignment() == CpuAssignment.Adaptive;
        SortedMap<Integer, Integer> moved =
                new TreeMap<>(now.moved().getOrDefault(wanted.interfaceName(), new TreeMap<>()));
        moved.values().retainAll(cpus);
        return SteeringConfig.of(cpus, planned.queueSize())
                .withAssignment(planned.assignment() == CpuAssignment.Hash ? Assignment.HASH : Assignment.OWNER)
                .withFixed(fixed)
                .withUnknownSpi(unknownSpi)
                .withUdpPorts(Set.copyOf(planned.udpPorts()))
                .withMark(planned.mark().intValue())
                .withNetnsId(planned.namespace())
                .withMovedBuckets(adaptive ? moved : Map.of())
                .withCountBuckets(adaptive);
    }

    private static InterfaceStatus inForce(Steered steered, Cpus cpus, List<String> notes) {
        StringBuilder message = new StringBuilder("ESP is steered to the CPUs " + CpuList.of(cpus.usable()) + ".");
        if (!cpus.note().isEmpty()) {
            message.append(' ').append(cpus.note());
        }
        if (!cpus.missing().isEmpty()) {
            message.append(" This node has no CPU ")
                    .append(CpuList.of(cpus.missing()))
                    .append('.');
        }
        notes.stream()
                .filter(note -> !note.isEmpty())
                .forEach(note -> message.append(' ').append(note));
        if (!steered.note().isEmpty()) {
            message.append(' ').append(steered.note());
        }
        return new InterfaceStatus(
                EntryStatus.installed(message.toString()), Optional.of(reported(steered.attached())));
    }

    static io.ipsecxdp.crds.XdpMode reported(AttachedMode mode) {
        return switch (mode) {
            case NATIVE -> io.ipsecxdp.crds.XdpMode.Native;
            case GENERIC -> io.ipsecxdp.crds.XdpMode.Generic;
        };
    }

    static InterfaceStatus failed(Reason reason, String message) {
        return new InterfaceStatus(EntryStatus.failed(reason, message), Optional.empty());
    }

    /**
     * The CPUs of a policy that the node has, and those that it does not have.
     *
     * @param note a sentence about a preference that could not be had, or nothing
     */
    private record Cpus(SortedSet<Integer> usable, SortedSet<Integer> missing, String note) {

        static Cpus of(PlannedSteering planned, CpuList online, Optional<CpuList> local) {
            SortedSet<Integer> missing =
                    new TreeSet<>(CpuList.parse(planned.cpus()).cpus());
            SortedSet<Integer> usable = new TreeSet<>(missing);
            usable.retainAll(online.cpus());
            missing.removeAll(online.cpus());
            if (planned.numa() == NumaPreference.Any) {
                return new Cpus(usable, missing, "");
            }
            if (local.isEmpty()) {
                return new Cpus(usable, missing, "The interface belongs to no NUMA node.");
            }
            SortedSet<Integer> near = new TreeSet<>(usable);
            near.retainAll(local.get().cpus());
            return near.isEmpty()
                    ? new Cpus(
                            usable,
                            missing,
                            "None of them is of the interface's NUMA node, which has %s.".formatted(local.get()))
                    : new Cpus(near, missing, "They are those of the interface's NUMA node.");
        }
    }
}
