package io.ipsecxdp.agent.steering;

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
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.UnknownSpiHandling;
import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.crds.CpuAssignment;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SteeringReport;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.links.Link;
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

/**
 * What to do so that the interfaces are steered as planned, and how each stands at this moment.
 *
 * @param actions in order: what leaves goes first, so that an interface that was renamed is free
 */
record SteeringPlan(List<SteeringAction> actions, Map<InterfaceStatus.Key, InterfaceStatus> statuses) {

    static SteeringPlan of(SteeringInput now) {
        List<SteeringRequest> requests = SteeringRequest.of(now.slices());
        Map<String, DesiredSteering> winners = winners(now, requests);
        Map<String, DesiredSteering> wanted = new LinkedHashMap<>(winners);
        wanted.values().removeIf(steering -> Obstacle.of(now, steering).isPresent());
        List<SteeringAction> actions = new ArrayList<>(leftovers(now, wanted));
        Map<String, InterfaceStatus> byInterface = new HashMap<>();
        winners.forEach((name, steering) ->
                byInterface.put(name, Obstacle.of(now, steering).orElseGet(() -> decide(now, steering, actions))));
        Map<InterfaceStatus.Key, InterfaceStatus> statuses = new HashMap<>();
        for (SteeringRequest request : requests) {
            statuses.putIfAbsent(request.key(), RequestStatus.of(now, request, requests, winners, byInterface));
        }
        return new SteeringPlan(List.copyOf(actions), Map.copyOf(statuses));
    }

    /**
     * Each interface goes to the policy with the lowest priority number; among those with the same to the one that has
     * it, then to the one that says most clearly that it means it, then to the first of the plan.
     */
    private static Map<String, DesiredSteering> winners(SteeringInput now, List<SteeringRequest> requests) {
        Map<String, List<SteeringRequest>> contenders = new LinkedHashMap<>();
        for (SteeringRequest request : requests) {
            now.meant(request)
                    .forEach(name -> contenders
                            .computeIfAbsent(name, none -> new ArrayList<>())
                            .add(request));
        }
        Map<String, DesiredSteering> winners = new LinkedHashMap<>();
        contenders.forEach((name, those) -> {
            Optional<String> holder =
                    Optional.ofNullable(now.journal().interfaces().get(name)).map(OwnedInterface::policy);
            those.stream()
                    .min(Comparator.comparingInt((SteeringRequest request) ->
                                    request.planned().priority())
                            .thenComparing(request ->
                                    !holder.equals(Optional.of(request.planned().name())))
                            .thenComparingInt(SteeringRequest::vagueness))
                    .ifPresent(request -> winners.put(name, request.on(name)));
        });
        return winners;
    }

    private static List<SteeringAction> leftovers(SteeringInput now, Map<String, DesiredSteering> wanted) {
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
    private static Optional<OwnedInterface> owner(SteeringInput now, String name) {
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

    private static InterfaceStatus decide(SteeringInput now, DesiredSteering wanted, List<SteeringAction> actions) {
        String name = wanted.interfaceName();
        PlannedSteering planned = wanted.planned();
        Optional<NetDevice> device = now.link(wanted).map(Link::device);
        if (device.isEmpty()) {
            return InterfaceStatus.failed(
                    Reason.InterfaceNotFound,
                    "This node has no interface %s; it is steered as soon as it appears.".formatted(name));
        }
        UsableCpus cpus;
        UnknownSpiRules.Decision unknown = now.unknownSpis()
                .decide(
                        wanted.key(),
                        planned,
                        now.links().get(name).isShared(now.links().values()));
        SteeringConfig config;
        try {
            cpus = UsableCpus.of(
                    planned,
                    now.onlineCpus(),
                    Optional.ofNullable(now.localCpus().get(name)));
            if (cpus.usable().isEmpty()) {
                return InterfaceStatus.failed(
                        Reason.CpuNotOnNode,
                        "This node has none of the CPUs %s; it has %s.".formatted(planned.cpus(), now.onlineCpus()));
            }
            config = config(now, wanted, cpus.usable(), unknown.action());
        } catch (IllegalArgumentException e) {
            return InterfaceStatus.failed(Reason.Invalid, e.getMessage() + ".");
        }
        Optional<TagLoss> tagLoss = now.tagLoss(wanted);
        ModeChoice choice = now.mode(wanted);
        WantedXdpMode mode = choice.mode();
        AttachedProgram there = now.steered().get(name);
        boolean running = there != null && there.device().equals(device.get()) && there.mode() == mode;
        if (running && there.config().equals(config) && tagLoss.isEmpty()) {
            claim(now, wanted, actions);
            return there.status(cpus, List.of(unknown.note(), choice.note()));
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
    private static void claim(SteeringInput now, DesiredSteering wanted, List<SteeringAction> actions) {
        OwnedInterface owned =
                new OwnedInterface(wanted.interfaceName(), wanted.planned().name(), wanted.slice());
        if (!owned.equals(now.journal().interfaces().get(wanted.interfaceName()))) {
            actions.add(new Write(new OwnInterface(owned)));
        }
    }

    private static SteeringConfig config(
            SteeringInput now, DesiredSteering wanted, SortedSet<Integer> cpus, UnknownSpiHandling unknownSpi) {
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
}
