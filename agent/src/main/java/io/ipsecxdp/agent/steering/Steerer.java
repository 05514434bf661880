package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.ledger.OwnedInterface;
import io.ipsecxdp.agent.ledger.StateFolder;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.Count;
import io.ipsecxdp.bpf.Counters;
import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.bpf.Steerings;
import io.ipsecxdp.bpf.UnknownSpiHandling;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.links.Link;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Steers the interfaces of the node as planned: a {@link SteeringObserver} gathers what there is, {@link SteeringPlan}
 * decides, a {@link SteeringExecutor} acts. For one thread.
 */
public final class Steerer implements AutoCloseable {

    private final Optional<Steerings> steerings;
    private final Optional<Capabilities> capabilities;
    private final StateFolder state;
    private final Clock clock;
    private final SteeringObserver observer;
    private final Optional<ProgramMirror> mirror;
    private final Optional<SteeringExecutor> executor;
    private final OverflowWatch overflows = new OverflowWatch();

    private volatile SteeringCounters latest = SteeringCounters.NONE;

    /**
     * @param steerings empty if this node cannot steer at all
     * @param capabilities of the kernel; not empty if it can
     */
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
        this.clock = clock;
        observer = new SteeringObserver(capabilities, state, boot, clock, hardware);
        mirror = steerings.map(all -> new ProgramMirror(all::mirror));
        executor = steerings.map(all -> new SteeringExecutor(
                all, capabilities.orElseThrow(), state, clock, hardware, observer, mirror.orElseThrow()));
    }

    /** Tells the program of the SAs of the node, as far as the kernel does not let it ask. */
    public void know(Desired desired, Observed observed) {
        if (!open().isEmpty()) {
            mirror.orElseThrow().bringTo(desired, observed, capabilities.orElseThrow());
        }
    }

    /**
     * Brings the interfaces to what the slices say.
     *
     * @param links interfaces of the node, by name
     * @param marks those of all SAs of the node; empty as long as they are not known
     */
    public Map<InterfaceStatus.Key, InterfaceStatus> reconcile(
            Collection<Slice> slices, Map<String, Link> links, CpuList onlineCpus, Optional<Set<XfrmMark>> marks) {
        if (executor.isEmpty()) {
            return nothingSteered(slices);
        }
        SteeringExecutor acting = executor.get();
        acting.forgetWhatIsGone(links);
        observer.look(acting.open(), links.values());
        SteeringPlan plan = plan(acting, slices, links, onlineCpus, marks);
        if (plan.actions().isEmpty()) {
            return plan.statuses();
        }
        plan.actions().forEach(acting::act);
        return plan(acting, slices, links, onlineCpus, marks).statuses();
    }

    private SteeringPlan plan(
            SteeringExecutor acting,
            Collection<Slice> slices,
            Map<String, Link> links,
            CpuList onlineCpus,
            Optional<Set<XfrmMark>> marks) {
        return SteeringPlan.of(observer.input(
                slices, links, onlineCpus, marks, steerings.orElseThrow(), acting.open(), acting.refused()));
    }

    private static Map<InterfaceStatus.Key, InterfaceStatus> nothingSteered(Collection<Slice> slices) {
        Map<InterfaceStatus.Key, InterfaceStatus> statuses = new HashMap<>();
        SteeringRequest.of(slices)
                .forEach(request -> statuses.put(
                        request.key(),
                        InterfaceStatus.failed(
                                Reason.Unsupported,
                                "libbpf.so.1 cannot be loaded on this node; it is in Debian's package libbpf1.")));
        return statuses;
    }

    /** Interfaces that are steered, and in which mode. */
    public Map<String, XdpMode> steered() {
        Map<String, XdpMode> modes = new TreeMap<>();
        open().forEach((name, opened) -> modes.put(name, opened.program().reportedMode()));
        return modes;
    }

    /** What was counted, newly read. */
    public SteeringCounters counters() {
        List<InterfaceCounters> interfaces = new ArrayList<>();
        new TreeMap<>(open())
                .forEach((name, opened) -> interfaces.add(new InterfaceCounters(
                        name,
                        Optional.ofNullable(state.journal().interfaces().get(name))
                                .map(OwnedInterface::policy)
                                .orElse(""),
                        opened.program().config().cpus(),
                        byOutcome(opened.steering().counters()),
                        opened.steering().queues(),
                        opened.program().config().unknownSpi() == UnknownSpiHandling.PASS
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
        executor.ifPresent(SteeringExecutor::close);
    }

    private Map<String, OpenInterface> open() {
        return executor.map(SteeringExecutor::open).orElse(Map.of());
    }
}
