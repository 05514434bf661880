package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.ledger.DurableState;
import io.ipsecxdp.agent.ledger.JournalChange;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.steering.SteeringAction.End;
import io.ipsecxdp.agent.steering.SteeringAction.Open;
import io.ipsecxdp.agent.steering.SteeringAction.Reconfigure;
import io.ipsecxdp.agent.steering.SteeringAction.SwitchOff;
import io.ipsecxdp.agent.steering.SteeringAction.Write;
import io.ipsecxdp.agent.time.Backoff;
import io.ipsecxdp.bpf.AttachRefusal;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.OpenResult;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.Steerings;
import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.links.Link;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** Does what a plan says, and has what it opened. For one thread. */
final class SteeringExecutor implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(SteeringExecutor.class);

    /** The same pause after every refusal: an admin who takes the cause away does not wait for long. */
    private static final Backoff PAUSE = Backoff.between(Duration.ofSeconds(10), Duration.ofSeconds(10));

    private record Refused(InterfaceStatus status, Backoff pause) {}

    private final Steerings steerings;
    private final Capabilities kernel;
    private final DurableState state;
    private final Clock clock;
    private final Hardware hardware;
    private final SteeringObserver observer;
    private final ProgramMirror mirror;
    private final Map<String, OpenInterface> open = new HashMap<>();
    private final Map<DesiredSteering, Refused> refusals = new HashMap<>();
    /** Interfaces that could not be let go, with the reason. */
    private final Map<String, String> stuck = new HashMap<>();

    SteeringExecutor(
            Steerings steerings,
            Capabilities kernel,
            DurableState state,
            Clock clock,
            Hardware hardware,
            SteeringObserver observer,
            ProgramMirror mirror) {
        this.steerings = steerings;
        this.kernel = kernel;
        this.state = state;
        this.clock = clock;
        this.hardware = hardware;
        this.observer = observer;
        this.mirror = mirror;
    }

    /** What is open, by interface name. */
    Map<String, OpenInterface> open() {
        return Collections.unmodifiableMap(open);
    }

    /** What was refused a short while ago and is not tried again yet. */
    Map<DesiredSteering, InterfaceStatus> refused() {
        Instant now = clock.instant();
        refusals.values().removeIf(refusal -> refusal.pause().isDue(now));
        Map<DesiredSteering, InterfaceStatus> refused = new HashMap<>();
        refusals.forEach((wanted, refusal) -> refused.put(wanted, refusal.status()));
        return refused;
    }

    /** Closes what is no longer as it was left, so that a plan sees that it is to be opened. */
    void forgetWhatIsGone(Map<String, Link> links) {
        open.entrySet().removeIf(entry -> {
            boolean asLeft = entry.getValue().isAsLeft(Optional.ofNullable(links.get(entry.getKey())));
            if (!asLeft) {
                entry.getValue().steering().close();
            }
            return !asLeft;
        });
    }

    void act(SteeringAction action) {
        switch (action) {
            case Write(JournalChange.DisownInterface(String name)) when stuck.containsKey(name) -> {
                // It is still ours
            }
            case Write(JournalChange change) -> state.write(List.of(change));
            case End(String name) -> end(name);
            case Open(DesiredSteering wanted, NetDevice device, WantedXdpMode mode, SteeringConfig config) -> {
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

    /** Leaves all interfaces steered. */
    @Override
    public void close() {
        open.values().forEach(opened -> opened.steering().close());
        open.clear();
        mirror.close();
    }

    private void end(String name) {
        closeIfOpen(name);
        Optional<AttachRefusal> refusal = steerings.remove(name);
        if (refusal.isPresent()) {
            String why = refusal.get().message();
            if (!why.equals(stuck.put(name, why))) {
                LOG.warnf("%s is still steered: %s", name, why);
            }
            return;
        }
        stuck.remove(name);
        if (steerings.pinned().isEmpty()) {
            mirror.close();
            steerings.removeShared();
        }
        LOG.infof("%s is not steered any more", name);
    }

    private void closeIfOpen(String name) {
        Optional.ofNullable(open.remove(name))
                .ifPresent(opened -> opened.steering().close());
    }

    /** One interface that fails keeps no other from being steered. */
    private void attempt(DesiredSteering wanted, Supplier<Optional<InterfaceStatus>> step) {
        Optional<InterfaceStatus> refused;
        try {
            refused = step.get();
        } catch (RuntimeException e) {
            LOG.warnf(e, "%s cannot be steered", wanted.interfaceName());
            refused = Optional.of(InterfaceStatus.failed(Reason.KernelRefused, String.valueOf(e.getMessage())));
        }
        refused.ifPresent(status -> refusals.put(wanted, new Refused(status, PAUSE.failed(clock.instant()))));
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
        return stubborn.isEmpty() ? Optional.empty() : Optional.of(AttachWording.stillHidesTags(loss, stubborn));
    }

    private Optional<InterfaceStatus> open(
            DesiredSteering wanted, NetDevice device, WantedXdpMode mode, SteeringConfig config) {
        String name = wanted.interfaceName();
        stuck.remove(name);
        closeIfOpen(name);
        return switch (steerings.open(device, mode, config)) {
            case OpenResult.Opened opened -> {
                OpenInterface there = new OpenInterface(
                        opened.steering(),
                        new AttachedProgram(
                                device, mode, opened.mode(), config, AttachWording.note(mode, opened, kernel)));
                open.put(name, there);
                observer.lookAtRedirects(there);
                LOG.infof(
                        "%s is steered to the CPUs %s, %s mode%s",
                        name, config.cpus(), opened.mode(), opened.adopted() ? ", adopted" : "");
                yield Optional.empty();
            }
            case OpenResult.Foreign foreign -> Optional.of(AttachWording.foreign(foreign));
            case OpenResult.Refused(AttachRefusal refusal) -> Optional.of(refused(refusal));
        };
    }

    private Optional<InterfaceStatus> reconfigure(DesiredSteering wanted, SteeringConfig config) {
        OpenInterface opened = open.get(wanted.interfaceName());
        Optional<AttachRefusal> refusal = opened.steering().apply(config);
        if (refusal.isEmpty()) {
            open.put(
                    wanted.interfaceName(),
                    new OpenInterface(opened.steering(), opened.program().with(config)));
            LOG.infof("%s is steered to the CPUs %s", wanted.interfaceName(), config.cpus());
        }
        return refusal.map(SteeringExecutor::refused);
    }

    /** The verifier's log is for the agent's log alone: it may have thousands of lines. */
    private static InterfaceStatus refused(AttachRefusal refusal) {
        if (!refusal.log().isEmpty()) {
            LOG.infof("%s%n%s", refusal.message(), refusal.log());
        }
        return AttachWording.refused(refusal);
    }
}
