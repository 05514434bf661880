package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.OwnedInterface;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.steering.SteeringAction.End;
import io.ipsecxdp.agent.steering.SteeringAction.Open;
import io.ipsecxdp.agent.steering.SteeringAction.Reconfigure;
import io.ipsecxdp.agent.steering.SteeringAction.SwitchOff;
import io.ipsecxdp.agent.steering.SteeringAction.Write;
import io.ipsecxdp.agent.steering.SteeringPlan.Situation;
import io.ipsecxdp.agent.steering.SteeringPlan.Steered;
import io.ipsecxdp.bpf.AttachRefusal;
import io.ipsecxdp.bpf.AttachedMode;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Counters;
import io.ipsecxdp.bpf.KnownSa;
import io.ipsecxdp.bpf.OpenResult;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.bpf.QueueCount;
import io.ipsecxdp.bpf.SadMirror;
import io.ipsecxdp.bpf.SteeredInterface;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.SteeringState;
import io.ipsecxdp.bpf.Steerings;
import io.ipsecxdp.bpf.UnknownSpiHandling;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.NumaPreference;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.links.Link;
import io.ipsecxdp.xfrm.links.Links;
import io.ipsecxdp.xfrm.links.XdpFeatures;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** Steers the interfaces of the node as planned. For one thread. */
public final class Steerer implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Steerer.class);

    private static final Duration PAUSE_AFTER_REFUSAL = Duration.ofSeconds(10);

    private record Opened(SteeredInterface steering, Steered steered) {}

    private record Refused(InterfaceStatus standing, Instant until) {}

    private final Optional<Steerings> steerings;
    private final Optional<Capabilities> capabilities;
    private final StateFolder state;
    private final String boot;
    private final Clock clock;
    private final Hardware hardware;
    private final Map<String, Opened> open = new HashMap<>();
    private final Map<DesiredSteering, Refused> refusals = new HashMap<>();
    private final Map<String, String> stuck = new HashMap<>();
    private final OverflowWatch overflows = new OverflowWatch();
    private final LearningPeriod learning = new LearningPeriod();
    private final Balancer balancer = new Balancer();
    private final DefaultRoutes defaultRoutes = new DefaultRoutes();
    private final RedirectWatch redirects = new RedirectWatch();
    private Optional<SadMirror> mirror = Optional.empty();
    /** What the mirror was brought to. */
    private Optional<Set<KnownSa>> mirrored = Optional.empty();

    private volatile SteeringCounters latest = SteeringCounters.NONE;

    /** @param steerings empty if this node cannot steer at all */
    public Steerer(
            Optional<Steerings> steerings,
            Optional<Capabilities> capabilities,
            StateFolder state,
            String boot,
            Clock clock) {
        this(steerings, capabilities, state, boot, clock, new Hardware(Path.of("/sys")));
    }

    Steerer(
            Optional<Steerings> steerings,
            Optional<Capabilities> capabilities,
            StateFolder state,
            String boot,
            Clock clock,
            Hardware hardware) {
        this.steerings = steerings;
        this.capabilities = capabilities;
        this.state = state;
        this.boot = boot;
        this.clock = clock;
        this.hardware = hardware;
    }

    /** Tells the program of the SAs of the node, as far as the kernel does not let it ask. */
    public void know(Desired desired, Observed observed) {
        if (open.isEmpty() || !MirroredSas.isNeeded(capabilities.orElseThrow())) {
            return;
        }
        SadMirror there = mirror.orElseGet(() -> steerings.orElseThrow().mirror());
        mirror = Optional.of(there);
        Set<KnownSa> sas = MirroredSas.of(desired, observed, capabilities.orElseThrow());
        if (mirrored.isEmpty()) {
            there.replace(sas);
        } else {
            MirroredSas.Difference difference = MirroredSas.difference(mirrored.get(), sas);
            there.change(difference.added(), difference.removed());
        }
        mirrored = Optional.of(sas);
    }

    /**
     * Brings the interfaces to what the slices say.
     *
     * @param links interfaces of the node, by name
     * @param marks those of all SAs of the node; empty as long as they are not known
     */
    public Map<InterfaceStatus.Key, InterfaceStatus> reconcile(
            Collection<Slice> slices, Map<String, Link> links, CpuList onlineCpus, Optional<Set<XfrmMark>> marks) {
        if (steerings.isEmpty()) {
            return nothingSteered(slices);
        }
        forgetWhatIsGone(links);
        open.forEach((name, opened) -> balancer.look(
                name,
                () -> Balancer.Load.of(opened.steering()),
                opened.steered().config(),
                clock.instant()));
        balancer.retain(open.keySet());
        redirects.retain(links.values().stream().map(Link::device).toList());
        open.values().forEach(this::watchRedirects);
        SteeringPlan plan = plan(slices, links, onlineCpus, marks);
        if (plan.actions().isEmpty()) {
            return plan.standings();
        }
        plan.actions().forEach(this::act);
        return plan(slices, links, onlineCpus, marks).standings();
    }

    private static Map<InterfaceStatus.Key, InterfaceStatus> nothingSteered(Collection<Slice> slices) {
        Map<InterfaceStatus.Key, InterfaceStatus> standings = new HashMap<>();
        SteeringRequest.of(slices)
                .forEach(wanted -> standings.put(
                        wanted.key(),
                        SteeringPlan.failed(
                                Reason.Unsupported,
                                "libbpf.so.1 cannot be loaded on this node; it is in Debian's package libbpf1.")));
        return standings;
    }

    /** Interfaces that are steered, and in which mode. */
    public Map<String, io.ipsecxdp.crds.XdpMode> steered() {
        Map<String, io.ipsecxdp.crds.XdpMode> modes = new TreeMap<>();
        open.forEach((name, opened) ->
                modes.put(name, SteeringPlan.reported(opened.steered().attached())));
        return modes;
    }

    /** What was counted, newly read. */
    public SteeringCounters counters() {
        List<InterfaceCounters> interfaces = new ArrayList<>();
        new TreeMap<>(open)
                .forEach((name, opened) -> interfaces.add(new InterfaceCounters(
                        name,
                        Optional.ofNullable(state.journal().interfaces().get(name))
                                .map(OwnedInterface::policy)
                                .orElse(""),
                        opened.steered().config().cpus(),
                        byOutcome(opened.steering().counters()),
                        opened.steering().queues(),
                        opened.steered().config().unknownSpi() == UnknownSpiHandling.PASS
                                ? List.of()
                                : opened.steering().unknownTalkers())));
        latest = new SteeringCounters(interfaces, overflows.at(interfaces, clock.instant()));
        return latest;
    }

    private static Map<Outcome, List<Count>> byOutcome(Counters counters) {
        Map<Outcome, List<Count>> byOutcome = new EnumMap<>(Outcome.class);
        for (Outcome outcome : Outcome.values()) {
            byOutcome.put(outcome, counters.perCpu(outcome));
        }
        return byOutcome;
    }

    /** What was counted when it was last read; from any thread. */
    public SteeringCounters latest() {
        return latest;
    }

    /** Interface names, of those that are not steered any more, and of those that are, with the reason. */
    public record Ended(List<String> ended, Map<String, String> left) {}

    /** Ends all steering that was ever begun in this node's place. */
    public Ended endAll() {
        close();
        List<String> ended = new ArrayList<>();
        Map<String, String> left = new TreeMap<>();
        steerings.ifPresent(all -> all.pinned()
                .forEach(pinned -> all.remove(pinned.ifname())
                        .ifPresentOrElse(
                                refusal -> left.put(pinned.ifname(), refusal.message()),
                                () -> ended.add(pinned.ifname()))));
        if (left.isEmpty()) {
            steerings.ifPresent(Steerings::removeShared);
        }
        state.write(state.journal().interfaces().keySet().stream()
                .filter(name -> !left.containsKey(name))
                .<JournalChange>map(JournalChange.DisownInterface::new)
                .toList());
        return new Ended(List.copyOf(ended), left);
    }

    /** Leaves all interfaces steered. */
    @Override
    public void close() {
        open.values().forEach(opened -> opened.steering().close());
        open.clear();
        mirror.ifPresent(SadMirror::close);
        mirror = Optional.empty();
    }

    private SteeringPlan plan(
            Collection<Slice> slices, Map<String, Link> links, CpuList onlineCpus, Optional<Set<XfrmMark>> marks) {
        List<SteeringRequest> wishes = SteeringRequest.of(slices);
        Map<String, Integer> pinned = new TreeMap<>();
        steerings.orElseThrow().pinned().forEach(steering -> pinned.put(steering.ifname(), steering.ifindex()));
        Instant now = clock.instant();
        Set<Integer> ofDefaultRoutes = ofDefaultRoutes(wishes, pinned, now);
        Map<String, CpuList> localCpus = new HashMap<>();
        Map<String, TagLoss> tagLosses = new HashMap<>();
        Map<String, XdpFeatures> xdpFeatures = new HashMap<>();
        for (SteeringRequest wish : wishes) {
            for (String name : wish.meant(links.values(), ofDefaultRoutes)) {
                if (wish.planned().numa() == NumaPreference.Local) {
                    hardware.localCpus(name).ifPresent(cpus -> localCpus.put(name, cpus));
                }
                Optional<Link> there = Optional.ofNullable(links.get(name));
                there.flatMap(link -> XdpFeatures.of(link.device())).ifPresent(can -> xdpFeatures.put(name, can));
                there.flatMap(link -> TagLoss.on(link, links.values(), hardware::activeFeatures))
                        .ifPresent(loss -> tagLosses.put(name, loss));
            }
        }
        Map<String, Steered> steered = new HashMap<>();
        open.forEach((name, opened) -> steered.put(name, opened.steered()));
        refusals.values().removeIf(refused -> refused.until().isBefore(now));
        Map<DesiredSteering, InterfaceStatus> refused = new HashMap<>();
        refusals.forEach((wanted, refusal) -> refused.put(wanted, refusal.standing()));
        return SteeringPlan.of(new Situation(
                List.copyOf(slices),
                state.journal(),
                pinned,
                steered,
                links,
                ofDefaultRoutes,
                onlineCpus,
                localCpus,
                tagLosses,
                xdpFeatures,
                redirects.lost(),
                new UnknownSpiRules(
                        learning.done(wishes, now),
                        marks,
                        capabilities.filter(Capabilities::saLookup).isPresent()),
                balancer.moved(),
                refused,
                boot));
    }

    private Set<Integer> ofDefaultRoutes(List<SteeringRequest> wishes, Map<String, Integer> pinned, Instant now) {
        Set<String> policies = wishes.stream()
                .filter(SteeringRequest::isDefaultRoute)
                .map(wish -> wish.planned().name())
                .collect(Collectors.toSet());
        if (policies.isEmpty()) {
            return defaultRoutes.at(Set.of(), Set.of(), now);
        }
        Set<Integer> steered = state.journal().interfaces().values().stream()
                .filter(owned -> policies.contains(owned.policy()) && pinned.getOrDefault(owned.name(), 0) != 0)
                .map(owned -> pinned.get(owned.name()))
                .collect(Collectors.toSet());
        return defaultRoutes.at(Links.ofDefaultRoutes(), steered, now);
    }

    /** The program's counters are read first: what it redirects meanwhile is then missed by nobody. */
    private void watchRedirects(Opened opened) {
        if (opened.steered().attached() != AttachedMode.NATIVE) {
            return;
        }
        long redirected = opened.steering().counters().steered().packets();
        List<QueueCount> queues = opened.steering().queues();
        if (!queues.isEmpty()) {
            redirects.look(
                    opened.steered().device(),
                    redirected,
                    queues.stream()
                            .mapToLong(queue -> queue.enqueued() + queue.dropped())
                            .sum(),
                    opened.steering().redirectsRefused(),
                    clock.instant());
        }
    }

    /** Of what somebody detached or changed, and of interfaces that vanished or were made anew. */
    private void forgetWhatIsGone(Map<String, Link> links) {
        open.entrySet().removeIf(entry -> {
            Opened opened = entry.getValue();
            NetDevice device = opened.steered().device();
            boolean there = Optional.ofNullable(links.get(entry.getKey()))
                    .map(Link::device)
                    .filter(device::equals)
                    .isPresent();
            boolean asLeft = there
                    && isAsLeft(
                            opened.steering().state(), device, opened.steered().config());
            if (!asLeft) {
                opened.steering().close();
            }
            return !asLeft;
        });
    }

    private static boolean isAsLeft(SteeringState state, NetDevice device, SteeringConfig config) {
        Map<Integer, Integer> queues = new TreeMap<>();
        config.cpus().forEach(cpu -> queues.put(cpu, config.queueSize()));
        return state.ifindex() == device.index() && state.queues().equals(queues);
    }

    private void act(SteeringAction action) {
        switch (action) {
            case Write(JournalChange.DisownInterface(String name)) when stuck.containsKey(name) -> {
                // It is still ours
            }
            case Write(JournalChange change) -> state.write(List.of(change));
            case End(String name) -> end(name);
            case Open(DesiredSteering wanted, NetDevice device, var mode, SteeringConfig config) -> {
                if (!refusals.containsKey(wanted)) {
                    attempt(wanted, () -> open(wanted, device, mode, config));
                }
            }
            case SwitchOff(DesiredSteering wanted, TagLoss loss) -> {
                attempt(wanted, () -> switchOff(loss));
                if (refusals.containsKey(wanted)) {
                    end(wanted.interfaceName());
                }
            }
            case Reconfigure(DesiredSteering wanted, SteeringConfig config) -> {
                if (!refusals.containsKey(wanted)) {
                    attempt(wanted, () -> reconfigure(wanted, config));
                }
            }
        }
    }

    private void end(String name) {
        Optional.ofNullable(open.remove(name))
                .ifPresent(opened -> opened.steering().close());
        Steerings all = steerings.orElseThrow();
        Optional<AttachRefusal> refusal = all.remove(name);
        if (refusal.isPresent()) {
            String why = refusal.get().message();
            if (!why.equals(stuck.put(name, why))) {
                LOG.warnf("%s is still steered: %s", name, why);
            }
            return;
        }
        stuck.remove(name);
        if (all.pinned().isEmpty()) {
            mirror.ifPresent(SadMirror::close);
            mirror = Optional.empty();
            mirrored = Optional.empty();
            all.removeShared();
        }
        LOG.infof("%s is not steered any more", name);
    }

    /** One interface that fails keeps no other from being steered. */
    private void attempt(DesiredSteering wanted, Supplier<Optional<InterfaceStatus>> step) {
        Optional<InterfaceStatus> refused;
        try {
            refused = step.get();
        } catch (RuntimeException e) {
            LOG.warnf(e, "%s cannot be steered", wanted.interfaceName());
            refused = Optional.of(SteeringPlan.failed(Reason.KernelRefused, String.valueOf(e.getMessage())));
        }
        refused.ifPresent(standing ->
                refusals.put(wanted, new Refused(standing, clock.instant().plus(PAUSE_AFTER_REFUSAL))));
    }

    /** A driver may answer with success and go on as before. */
    private Optional<InterfaceStatus> switchOff(TagLoss loss) {
        List<String> stubborn = new ArrayList<>();
        loss.offloads().forEach((name, features) -> {
            hardware.switchOff(name, features);
            if (Collections.disjoint(hardware.activeFeatures(name), features)) {
                LOG.infof("%s was switched off on %s, so that VLAN tags stay in the frames", features, name);
            } else {
                stubborn.add(name);
            }
        });
        return stubborn.isEmpty()
                ? Optional.empty()
                : Optional.of(SteeringPlan.failed(
                        Reason.VlanOffload,
                        "%s above it needs VLAN tags, an offload hides them from XDP, and the driver of %s does not switch it off. Set spec.mode: Generic."
                                .formatted(String.join(", ", loss.vlans()), String.join(", ", stubborn))));
    }

    private Optional<InterfaceStatus> open(
            DesiredSteering wanted, NetDevice device, io.ipsecxdp.bpf.WantedXdpMode mode, SteeringConfig config) {
        String name = wanted.interfaceName();
        stuck.remove(name);
        Optional.ofNullable(open.remove(name))
                .ifPresent(opened -> opened.steering().close());
        return switch (steerings.orElseThrow().open(device, mode, config)) {
            case OpenResult.Opened opened -> {
                open.put(
                        name,
                        new Opened(
                                opened.steering(),
                                new Steered(device, mode, opened.mode(), config, note(mode, opened))));
                watchRedirects(open.get(name));
                LOG.infof(
                        "%s is steered to the CPUs %s, %s mode%s",
                        name, config.cpus(), opened.mode(), opened.adopted() ? ", adopted" : "");
                yield Optional.empty();
            }
            case OpenResult.Foreign foreign ->
                Optional.of(SteeringPlan.failed(
                        Reason.ForeignProgram, sentence(foreign.message()) + " It is left alone; " + remedy(foreign)));
            case OpenResult.Refused(AttachRefusal refusal) -> Optional.of(refused(refusal));
        };
    }

    private static String remedy(OpenResult.Foreign foreign) {
        if (foreign.isDispatcher()) {
            return "to steer here, let the agents join it (agent.dispatcher of the chart), or remove it.";
        }
        return foreign.mayBeDispatcher()
                ? "remove it to steer here, or, if it is libxdp's dispatcher, let the agents join it (agent.dispatcher of the chart)."
                : "remove it to steer here.";
    }

    private Optional<InterfaceStatus> reconfigure(DesiredSteering wanted, SteeringConfig config) {
        Opened opened = open.get(wanted.interfaceName());
        Optional<AttachRefusal> refusal = opened.steering().apply(config);
        if (refusal.isEmpty()) {
            Steered before = opened.steered();
            open.put(
                    wanted.interfaceName(),
                    new Opened(
                            opened.steering(),
                            new Steered(before.device(), before.mode(), before.attached(), config, before.note())));
            LOG.infof("%s is steered to the CPUs %s", wanted.interfaceName(), config.cpus());
        }
        return refusal.map(Steerer::refused);
    }

    private String note(io.ipsecxdp.bpf.WantedXdpMode mode, OpenResult.Opened opened) {
        List<String> notes = new ArrayList<>();
        if (mode == io.ipsecxdp.bpf.WantedXdpMode.AUTO && opened.mode() == AttachedMode.GENERIC) {
            notes.add(opened.nativeRefused()
                    .map(why -> "In generic mode: " + why + ".")
                    .orElse("In generic mode, as an earlier agent attached it."));
        }
        if (opened.shared()) {
            notes.add("It is a component of libxdp's dispatcher.");
        }
        if (!capabilities.orElseThrow().saLookup()) {
            notes.add(
                    "This kernel cannot look SAs up from XDP: a hash of the SPI chooses the CPU of every SA whose owner is not declared.");
        } else if (!capabilities.orElseThrow().saOwner()) {
            notes.add(
                    "This kernel's SAs have no owner CPU: a hash of the SPI chooses the CPU of every SA whose owner is not declared.");
        }
        return String.join(" ", notes);
    }

    private static InterfaceStatus refused(AttachRefusal refusal) {
        if (!refusal.log().isEmpty()) {
            LOG.infof("%s%n%s", refusal.message(), refusal.log());
        }
        Reason reason = switch (refusal.reason()) {
            case NO_BPFFS, NATIVE_REFUSED, DISPATCHER_NEEDED -> Reason.Unsupported;
            case SHARED_IN_OTHER_MODE -> Reason.ForeignProgram;
            case NO_SUCH_CPU -> Reason.CpuNotOnNode;
            case NO_SUCH_DEVICE -> Reason.InterfaceNotFound;
            case KERNEL_REFUSED -> Reason.KernelRefused;
        };
        return SteeringPlan.failed(reason, sentence(refusal.message()));
    }

    private static String sentence(String clause) {
        return clause.substring(0, 1).toUpperCase(Locale.ROOT) + clause.substring(1) + ".";
    }
}
