package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.XdpPrograms;
import io.ipsecxdp.linux.NetDevice;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The steered interfaces of one network namespace: that of the thread that calls. All that outlives the agent is below
 * one folder of a BPF file system, which belongs to one agent alone.
 */
public final class Steerings {
    private final Path pinFolder;
    private final Capabilities capabilities;
    private final Dispatchers dispatchers;
    private final byte[] elf;

    /** @param pinFolder on a BPF file system; made if missing */
    public Steerings(Path pinFolder, Capabilities capabilities, Dispatchers dispatchers) {
        this(pinFolder, capabilities, dispatchers, SteerProgram.compiled());
    }

    Steerings(Path pinFolder, Capabilities capabilities, Dispatchers dispatchers, byte[] elf) {
        this.pinFolder = pinFolder;
        this.capabilities = capabilities;
        this.dispatchers = dispatchers;
        this.elf = elf.clone();
    }

    /**
     * Steers an interface. What an earlier agent left there is adopted: the program is replaced in one step, counters go
     * on, and the maps are brought to the configuration. Only when it runs in another mode than the one wanted, or now
     * shares the interface and did not, is it detached and attached again; frames in between are passed.
     */
    public OpenResult open(NetDevice device, WantedXdpMode mode, SteeringConfig config) {
        var refusal =
                BpfFileSystem.refusal(pinFolder).or(() -> Cpus.refusal(config)).or(() -> missing(device));
        if (refusal.isPresent()) {
            return new OpenResult.Refused(refusal.get());
        }
        try {
            return steer(device, mode, config);
        } catch (BpfException e) {
            return new OpenResult.Refused(AttachRefusal.of(e));
        }
    }

    /** All that is pinned, for finding what belongs to interfaces that vanished, were renamed or left the policy. */
    public List<PinnedSteering> pinned() {
        return Pins.in(pinFolder).stream()
                .map(pins -> PinnedSteering.of(pins, dispatchers))
                .toList();
    }

    /**
     * Ends the steering that was pinned under this interface name, also if the interface is gone.
     *
     * @return why it goes on; empty if it is ended
     */
    public Optional<AttachRefusal> remove(String ifname) {
        var pins = Pins.of(pinFolder, ifname);
        var refusal = outOfReach(pins);
        if (refusal.isPresent()) {
            return refusal;
        }
        try {
            detach(pins);
        } catch (BpfException e) {
            return Optional.of(AttachRefusal.of(e));
        }
        pins.removeAll();
        return Optional.empty();
    }

    /** SAs for the program to know beside the kernel's, for all interfaces. */
    public SadMirror mirror() {
        return new SadMirror(shared());
    }

    /** Removes what belongs to no interface in particular. For the end, when no interface is steered any more. */
    public void removeShared() {
        Pins.removeShared(pinFolder);
    }

    private SharedMaps shared() {
        try (var object = BpfObject.open("steer", elf)) {
            return SharedMaps.open(Pins.shared(pinFolder), object, SteerMaps.SHARED);
        }
    }

    private SteerProgram load(AttachedMode mode, PinnedMaps existing) {
        try (var shared = shared()) {
            return SteerProgram.load(elf, capabilities, mode, existing, name -> Optional.of(shared.map(name)));
        }
    }

    private OpenResult steer(NetDevice device, WantedXdpMode wanted, SteeringConfig config) {
        var pins = Pins.of(pinFolder, device.name());
        var outOfReach = outOfReach(pins);
        if (outOfReach.isPresent()) {
            return new OpenResult.Refused(outOfReach.get());
        }
        var running = runningMode(pins, device);
        if (running.filter(mode -> mode.satisfies(wanted)).isPresent()) {
            return dispatchers.isShared()
                    ? adoptComponent(pins, device, running.get(), config)
                    : adopt(pins, device, running.get(), config);
        }
        detach(pins);
        return inTheWay(device, wanted).orElseGet(() -> attach(pins, device, wanted, config));
    }

    /** The mode in which our program runs on this very interface, in the way that is wanted; empty if it does not. */
    private Optional<AttachedMode> runningMode(Pins pins, NetDevice device) {
        var programs = Bpf.xdpPrograms(device.index());
        return Attachment.of(pins, dispatchers).flatMap(hold -> {
            try (hold) {
                if (hold instanceof Attachment.Component != dispatchers.isShared()) {
                    return Optional.empty();
                }
                var shown = hold.shownOn(device.index());
                return shown.isPresent() ? modeOf(shown.getAsInt(), programs) : Optional.empty();
            }
        });
    }

    private static Optional<AttachedMode> modeOf(int program, XdpPrograms programs) {
        if (program == programs.nativeId()) {
            return Optional.of(AttachedMode.NATIVE);
        }
        return program == programs.genericId() ? Optional.of(AttachedMode.GENERIC) : Optional.empty();
    }

    /** What holds our program is on another interface, in another mode or way, or gone. */
    private void detach(Pins pins) {
        Attachment.of(pins, dispatchers).ifPresent(hold -> {
            try (hold) {
                hold.release();
            }
        });
        pins.removeHold();
    }

    private Optional<AttachRefusal> outOfReach(Pins pins) {
        return pins.isComponent() && !dispatchers.isShared()
                ? Optional.of(new AttachRefusal(
                        AttachRefusal.Reason.DISPATCHER_NEEDED,
                        "the program runs in a dispatcher of libxdp, where an agent put it that was allowed to (agent.dispatcher"
                                + " of the chart); it goes on until one is again"))
                : Optional.empty();
    }

    private Optional<OpenResult> inTheWay(NetDevice device, WantedXdpMode wanted) {
        var programs = Bpf.xdpPrograms(device.index());
        var dispatcher = dispatchers.on(device.index()).filter(there -> dispatchers.isShared());
        if (dispatcher.isEmpty()) {
            return foreign(device);
        }
        return modeOf(dispatcher.get().programId(), programs)
                        .filter(mode -> mode.satisfies(wanted))
                        .isPresent()
                ? Optional.empty()
                : Optional.of(new OpenResult.Refused(new AttachRefusal(
                        AttachRefusal.Reason.SHARED_IN_OTHER_MODE,
                        "others' programs are on the interface in another mode: "
                                + String.join(", ", names(dispatcher.get())))));
    }

    private static List<String> names(Dispatcher dispatcher) {
        return dispatcher.components().stream().map(Dispatcher.Component::name).toList();
    }

    private Optional<OpenResult> foreign(NetDevice device) {
        var id = Bpf.xdpPrograms(device.index()).any();
        return id.isPresent()
                ? Optional.of(new OpenResult.Foreign(
                        id.getAsInt(),
                        programName(id.getAsInt()),
                        dispatchers.on(device.index()).map(Steerings::names).orElse(List.of())))
                : Optional.empty();
    }

    private static String programName(int id) {
        return Bpf.programById(id)
                .map(program -> {
                    try (program) {
                        return Bpf.programInfo(program).name();
                    }
                })
                .orElse("");
    }

    private OpenResult adopt(Pins pins, NetDevice device, AttachedMode mode, SteeringConfig config) {
        try (var existing = pins.maps();
                var program = load(mode, existing);
                var link = pins.link().orElseThrow()) {
            program.maps().apply(config);
            pins.pinMaps(program.maps());
            Bpf.replaceProgram(link, program.program());
            return new OpenResult.Opened(
                    SteeredInterface.at(pins, dispatchers, device), mode, true, false, Optional.empty());
        }
    }

    /** Only another program than the one that runs takes its place: first both are there, then the old one leaves. */
    private OpenResult adoptComponent(Pins pins, NetDevice device, AttachedMode mode, SteeringConfig config) {
        var ours = componentsOf(pins, device).map(Dispatcher.Component::program).toList();
        if (pins.isComponent(version()) && ours.size() == 1) {
            try (var maps = SteerMaps.at(pins)) {
                maps.apply(config);
            }
        } else {
            join(pins, device, mode, config);
            dispatchers.leave(device.index(), component -> ours.contains(component.program()));
        }
        return new OpenResult.Opened(
                SteeredInterface.at(pins, dispatchers, device), mode, true, true, Optional.empty());
    }

    private Stream<Dispatcher.Component> componentsOf(Pins pins, NetDevice device) {
        return dispatchers.on(device.index()).stream()
                .flatMap(dispatcher -> pins.configId().stream().flatMap(id -> dispatcher.using(id).stream()));
    }

    private OpenResult attach(Pins pins, NetDevice device, WantedXdpMode wanted, SteeringConfig config) {
        var attachment = switch (dispatchers.isShared() ? inModeOfOthers(device, wanted) : wanted) {
            case NATIVE -> attachIn(AttachedMode.NATIVE, pins, device, config, Optional.empty());
            case GENERIC -> attachIn(AttachedMode.GENERIC, pins, device, config, Optional.empty());
            case AUTO -> attachNativeOrGeneric(pins, device, config);
        };
        return switch (attachment) {
            case AttachResult.Made(var opened) -> opened;
            case AttachResult.Failed(var error) -> notAttached(device, wanted, error);
        };
    }

    /** Where others are already, there is no choice. */
    private WantedXdpMode inModeOfOthers(NetDevice device, WantedXdpMode wanted) {
        return dispatchers
                .on(device.index())
                .flatMap(dispatcher -> modeOf(dispatcher.programId(), Bpf.xdpPrograms(device.index())))
                .map(mode -> mode == AttachedMode.NATIVE ? WantedXdpMode.NATIVE : WantedXdpMode.GENERIC)
                .orElse(wanted);
    }

    private AttachResult attachNativeOrGeneric(Pins pins, NetDevice device, SteeringConfig config) {
        return switch (attachIn(AttachedMode.NATIVE, pins, device, config, Optional.empty())) {
            case AttachResult.Failed failed
            when !failed.isTaken() ->
                attachIn(
                        AttachedMode.GENERIC,
                        pins,
                        device,
                        config,
                        Optional.of(AttachResult.nativeRefusal(failed.error())));
            case AttachResult decided -> decided;
        };
    }

    private AttachResult attachIn(
            AttachedMode mode, Pins pins, NetDevice device, SteeringConfig config, Optional<String> nativeRefused) {
        return dispatchers.isShared()
                ? attachAsComponent(mode, pins, device, config, nativeRefused)
                : attachAlone(mode, pins, device, config, nativeRefused);
    }

    private AttachResult attachAlone(
            AttachedMode mode, Pins pins, NetDevice device, SteeringConfig config, Optional<String> nativeRefused) {
        try (var existing = pins.mapsForAnyMode();
                var program = load(mode, existing)) {
            program.maps().apply(config);
            Fd attached;
            try {
                attached = Bpf.attachXdp(program.program(), device.index(), mode.flag());
            } catch (BpfException e) {
                return new AttachResult.Failed(e);
            }
            // Should a pin fail, the link's only descriptor is closed here, and that detaches it
            try (attached) {
                pins.create();
                pins.pinMaps(program.maps());
                pins.pinLink(attached);
                return new AttachResult.Made(new OpenResult.Opened(
                        SteeredInterface.at(pins, dispatchers, device), mode, false, false, nativeRefused));
            }
        }
    }

    private AttachResult attachAsComponent(
            AttachedMode mode, Pins pins, NetDevice device, SteeringConfig config, Optional<String> nativeRefused) {
        boolean fresh = !Files.exists(pins.folder());
        try {
            leaveWhatIsOurs(pins, device);
            pins.removeCpus();
            join(pins, device, mode, config);
        } catch (BpfException e) {
            leaveWhatIsOurs(pins, device);
            if (fresh) {
                pins.removeAll();
            }
            return new AttachResult.Failed(e);
        }
        return new AttachResult.Made(new OpenResult.Opened(
                SteeredInterface.at(pins, dispatchers, device), mode, false, true, nativeRefused));
    }

    /** An agent may have ended after it joined, and before it pinned that it had. */
    private void leaveWhatIsOurs(Pins pins, NetDevice device) {
        var ours = componentsOf(pins, device).toList();
        if (!ours.isEmpty()) {
            dispatchers.leave(device.index(), ours::contains);
        }
    }

    /** Maps go first, as the program sees frames before libxdp returns. */
    private void join(Pins pins, NetDevice device, AttachedMode mode, SteeringConfig config) {
        try (var object = BpfObject.open(SteerProgram.PROGRAM, elf)) {
            SteerProgram.prepare(object, capabilities, mode);
            try (var shared = shared();
                    var own = SharedMaps.open(pins.folder(), object, SteerMaps.NAMES);
                    var maps = SteerMaps.at(pins)) {
                maps.apply(config);
                SteerMaps.NAMES.forEach(name -> object.reuse(name, own.map(name)));
                SteerMaps.SHARED.forEach(name -> object.reuse(name, shared.map(name)));
                dispatchers.join(object, SteerProgram.PROGRAM, device.index(), mode);
                pins.pinComponent(object.program(SteerProgram.PROGRAM), version());
            }
        }
    }

    private String version() {
        return Pins.version(elf, capabilities.toString().getBytes(StandardCharsets.US_ASCII));
    }

    private OpenResult notAttached(NetDevice device, WantedXdpMode wanted, BpfException error) {
        return foreign(device)
                .orElseGet(() ->
                        new OpenResult.Refused(missing(device).orElseGet(() -> AttachRefusal.ofAttach(wanted, error))));
    }

    private static Optional<AttachRefusal> missing(NetDevice device) {
        return NetDevice.find(device.name()).filter(device::equals).isPresent()
                ? Optional.empty()
                : Optional.of(new AttachRefusal(
                        AttachRefusal.Reason.NO_SUCH_DEVICE,
                        "there is no interface " + device.name() + " with index " + device.index() + " (any more)"));
    }
}
