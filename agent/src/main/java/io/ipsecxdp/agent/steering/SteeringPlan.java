package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.Journal;
import io.ipsecxdp.agent.plan.JournalChange.DisownInterface;
import io.ipsecxdp.agent.plan.JournalChange.OwnInterface;
import io.ipsecxdp.agent.plan.OwnedInterface;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.plan.Standing;
import io.ipsecxdp.agent.plan.SteeringStanding;
import io.ipsecxdp.agent.steering.SteeringAction.End;
import io.ipsecxdp.agent.steering.SteeringAction.Open;
import io.ipsecxdp.agent.steering.SteeringAction.Reconfigure;
import io.ipsecxdp.agent.steering.SteeringAction.Write;
import io.ipsecxdp.bpf.AttachedMode;
import io.ipsecxdp.bpf.NetDevice;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.XdpMode;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SteeringReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What to do so that the interfaces are steered as planned, and how each stands at this moment.
 *
 * @param actions in order: what leaves goes first, so that an interface that was renamed is free
 */
record SteeringPlan(List<SteeringAction> actions, Map<SteeringStanding.Key, SteeringStanding> standings) {

    /**
     * An interface that this agent steers.
     *
     * @param mode that was asked for
     * @param attached that the kernel chose
     * @param note what a person should know of it, empty if nothing
     */
    record Steered(NetDevice device, XdpMode mode, AttachedMode attached, SteeringConfig config, String note) {}

    /**
     * All that the plan depends on.
     *
     * @param pinned interface names under which something of us is pinned, to the index it is attached to, 0 for none
     * @param steered what this agent opened and is still attached, by interface name
     * @param devices interfaces of the node, by name
     * @param refused what was refused a short while ago and is not tried again yet
     */
    record Situation(
            List<Slice> slices,
            Journal journal,
            Map<String, Integer> pinned,
            Map<String, Steered> steered,
            Map<String, NetDevice> devices,
            CpuList onlineCpus,
            Map<DesiredSteering, SteeringStanding> refused,
            String boot) {}

    static SteeringPlan of(Situation now) {
        Map<String, DesiredSteering> wanted = new LinkedHashMap<>();
        Map<SteeringStanding.Key, SteeringStanding> standings = new HashMap<>();
        for (DesiredSteering steering : DesiredSteering.of(now.slices())) {
            DesiredSteering first = wanted.putIfAbsent(steering.interfaceName(), steering);
            if (first != null) {
                standings.put(
                        steering.key(),
                        failed(
                                Reason.InterfaceTaken,
                                "The SteeringPolicy %s has the interface."
                                        .formatted(first.planned().name())));
            }
        }
        List<SteeringAction> actions = new ArrayList<>(leftovers(now, wanted));
        wanted.values().forEach(steering -> decide(now, steering, actions, standings));
        return new SteeringPlan(List.copyOf(actions), Map.copyOf(standings));
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
                    && Optional.ofNullable(now.devices().get(name))
                            .filter(device -> device.index() == index)
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
                            .filter(entry ->
                                    entry.interfaceName().equals(name) && entry.state() == EntryState.Installed)
                            .findFirst());
            if (report.isPresent()) {
                return Optional.of(new OwnedInterface(name, report.get().name(), slice.name()));
            }
        }
        return Optional.empty();
    }

    private static void decide(
            Situation now,
            DesiredSteering wanted,
            List<SteeringAction> actions,
            Map<SteeringStanding.Key, SteeringStanding> standings) {
        NetDevice device = now.devices().get(wanted.interfaceName());
        if (device == null) {
            standings.put(
                    wanted.key(),
                    failed(
                            Reason.InterfaceNotFound,
                            "This node has no interface %s; it is steered as soon as it appears."
                                    .formatted(wanted.interfaceName())));
            return;
        }
        Cpus cpus;
        try {
            cpus = Cpus.of(wanted.planned().cpus(), now.onlineCpus());
        } catch (IllegalArgumentException e) {
            standings.put(wanted.key(), failed(Reason.Invalid, e.getMessage() + "."));
            return;
        }
        if (cpus.usable().isEmpty()) {
            standings.put(
                    wanted.key(),
                    failed(
                            Reason.CpuNotOnNode,
                            "This node has none of the CPUs %s; it has %s."
                                    .formatted(wanted.planned().cpus(), now.onlineCpus())));
            return;
        }
        XdpMode mode = mode(wanted.planned().mode());
        SteeringConfig config =
                SteeringConfig.of(cpus.usable(), wanted.planned().queueSize());
        Steered there = now.steered().get(wanted.interfaceName());
        boolean running = there != null && there.device().equals(device) && there.mode() == mode;
        if (running && there.config().equals(config)) {
            standings.put(wanted.key(), inForce(there, cpus));
            claim(now, wanted, actions);
            return;
        }
        SteeringStanding refused = now.refused().get(wanted);
        if (refused != null) {
            standings.put(wanted.key(), refused);
            return;
        }
        claim(now, wanted, actions);
        actions.add(running ? new Reconfigure(wanted, config) : new Open(wanted, device, mode, config));
        standings.put(
                wanted.key(),
                new SteeringStanding(Standing.pending("The XDP program is being attached."), Optional.empty()));
    }

    /** Written down before the program is attached. */
    private static void claim(Situation now, DesiredSteering wanted, List<SteeringAction> actions) {
        OwnedInterface owned =
                new OwnedInterface(wanted.interfaceName(), wanted.planned().name(), wanted.slice());
        if (!owned.equals(now.journal().interfaces().get(wanted.interfaceName()))) {
            actions.add(new Write(new OwnInterface(owned)));
        }
    }

    private static SteeringStanding inForce(Steered steered, Cpus cpus) {
        StringBuilder message = new StringBuilder("ESP is steered to the CPUs " + CpuList.of(cpus.usable()) + ".");
        if (!cpus.missing().isEmpty()) {
            message.append(" This node has no CPU ")
                    .append(CpuList.of(cpus.missing()))
                    .append('.');
        }
        if (!steered.note().isEmpty()) {
            message.append(' ').append(steered.note());
        }
        return new SteeringStanding(Standing.installed(message.toString()), Optional.of(reported(steered.attached())));
    }

    static io.ipsecxdp.crds.XdpMode reported(AttachedMode mode) {
        return switch (mode) {
            case NATIVE -> io.ipsecxdp.crds.XdpMode.Native;
            case GENERIC -> io.ipsecxdp.crds.XdpMode.Generic;
        };
    }

    static SteeringStanding failed(Reason reason, String message) {
        return new SteeringStanding(Standing.failed(reason, message), Optional.empty());
    }

    private static XdpMode mode(io.ipsecxdp.crds.XdpMode mode) {
        return switch (mode) {
            case Auto -> XdpMode.AUTO;
            case Native -> XdpMode.NATIVE;
            case Generic -> XdpMode.GENERIC;
        };
    }

    /** The CPUs of a policy that the node has, and those that it does not have. */
    private record Cpus(TreeSet<Integer> usable, TreeSet<Integer> missing) {

        static Cpus of(String list, CpuList online) {
            TreeSet<Integer> missing = new TreeSet<>(CpuList.parse(list).cpus());
            TreeSet<Integer> usable = new TreeSet<>(missing);
            usable.retainAll(online.cpus());
            missing.removeAll(online.cpus());
            return new Cpus(usable, missing);
        }
    }
}
