package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.XdpLinkInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The steered interfaces of one network namespace: that of the thread that calls. All that outlives the agent is below
 * one folder of a BPF file system, which belongs to one agent alone.
 */
public final class Steerings {
    private final Path pinFolder;
    private final Capabilities capabilities;
    private final byte[] elf;

    /** @param pinFolder on a BPF file system; made if missing */
    public Steerings(Path pinFolder, Capabilities capabilities) {
        this(pinFolder, capabilities, SteerProgram.compiled());
    }

    Steerings(Path pinFolder, Capabilities capabilities, byte[] elf) {
        this.pinFolder = pinFolder;
        this.capabilities = capabilities;
        this.elf = elf.clone();
    }

    /**
     * Steers an interface. What an earlier agent left there is adopted: the program is replaced in one step, counters go
     * on, and the maps are brought to the configuration. Only when it runs in another mode than the one wanted is it
     * detached and attached again; frames in between are passed.
     */
    public OpenResult open(NetDevice device, XdpMode mode, SteeringConfig config) {
        var refusal =
                BpfFileSystem.refusal(pinFolder).or(() -> Cpus.refusal(config)).or(() -> missing(device));
        if (refusal.isPresent()) {
            return new OpenResult.Refused(refusal.get());
        }
        try {
            return steer(device, mode, config);
        } catch (BpfException e) {
            return new OpenResult.Refused(Refusal.of(e));
        }
    }

    /** All that is pinned, for finding what belongs to interfaces that vanished, were renamed or left the policy. */
    public List<PinnedSteering> pinned() {
        return Pins.in(pinFolder).stream().map(PinnedSteering::of).toList();
    }

    /** Ends the steering that was pinned under this interface name, also if the interface is gone. */
    public void remove(String ifname) {
        var pins = Pins.of(pinFolder, ifname);
        detach(pins);
        pins.removeAll();
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

    private OpenResult steer(NetDevice device, XdpMode wanted, SteeringConfig config) {
        var pins = Pins.of(pinFolder, device.name());
        var running = runningMode(pins, device);
        if (running.filter(mode -> mode.satisfies(wanted)).isPresent()) {
            return adopt(pins, running.get(), config);
        }
        detach(pins);
        var foreign = foreign(device);
        return foreign.isPresent() ? foreign.get() : attach(pins, device, wanted, config);
    }

    /** The mode in which our pinned link runs on this very interface; empty if it does not. */
    private static Optional<AttachedMode> runningMode(Pins pins, NetDevice device) {
        var programs = Bpf.xdpPrograms(device.index());
        return pins.xdpLink()
                .filter(link -> link.ifindex() == device.index())
                .map(XdpLinkInfo::programId)
                .flatMap(id -> {
                    if (id == programs.nativeId()) {
                        return Optional.of(AttachedMode.NATIVE);
                    }
                    return id == programs.genericId() ? Optional.of(AttachedMode.GENERIC) : Optional.empty();
                });
    }

    /** What our link is attached to is another interface or in another mode, or gone. */
    private static void detach(Pins pins) {
        pins.link().ifPresent(link -> {
            try (link) {
                Bpf.detach(link);
            }
        });
        pins.removeLink();
    }

    private static Optional<OpenResult> foreign(NetDevice device) {
        var id = Bpf.xdpPrograms(device.index()).any();
        return id.isPresent()
                ? Optional.of(new OpenResult.Foreign(id.getAsInt(), programName(id.getAsInt())))
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

    private OpenResult adopt(Pins pins, AttachedMode mode, SteeringConfig config) {
        try (var existing = pins.maps();
                var program = load(mode, existing);
                var link = pins.link().orElseThrow()) {
            program.maps().apply(config);
            pins.pinMaps(program.maps());
            Bpf.replaceProgram(link, program.program());
            return new OpenResult.Opened(Steering.at(pins), mode, true, Optional.empty());
        }
    }

    private OpenResult attach(Pins pins, NetDevice device, XdpMode wanted, SteeringConfig config) {
        var attachment = switch (wanted) {
            case NATIVE -> attachIn(AttachedMode.NATIVE, pins, device, config, Optional.empty());
            case GENERIC -> attachIn(AttachedMode.GENERIC, pins, device, config, Optional.empty());
            case AUTO -> attachNativeOrGeneric(pins, device, config);
        };
        return switch (attachment) {
            case Attachment.Made(var opened) -> opened;
            case Attachment.Failed(var error) -> notAttached(device, wanted, error);
        };
    }

    private Attachment attachNativeOrGeneric(Pins pins, NetDevice device, SteeringConfig config) {
        return switch (attachIn(AttachedMode.NATIVE, pins, device, config, Optional.empty())) {
            case Attachment.Failed failed
            when !failed.isTaken() ->
                attachIn(
                        AttachedMode.GENERIC,
                        pins,
                        device,
                        config,
                        Optional.of(Attachment.nativeRefusal(failed.error())));
            case Attachment decided -> decided;
        };
    }

    private Attachment attachIn(
            AttachedMode mode, Pins pins, NetDevice device, SteeringConfig config, Optional<String> nativeRefused) {
        try (var existing = pins.mapsForAnyMode();
                var program = load(mode, existing)) {
            program.maps().apply(config);
            Fd attached;
            try {
                attached = Bpf.attachXdp(program.program(), device.index(), mode.flag());
            } catch (BpfException e) {
                return new Attachment.Failed(e);
            }
            // Should a pin fail, the link's only descriptor is closed here, and that detaches it
            try (attached) {
                pins.create();
                pins.pinMaps(program.maps());
                pins.pinLink(attached);
                return new Attachment.Made(new OpenResult.Opened(Steering.at(pins), mode, false, nativeRefused));
            }
        }
    }

    private static OpenResult notAttached(NetDevice device, XdpMode wanted, BpfException error) {
        return foreign(device)
                .orElseGet(
                        () -> new OpenResult.Refused(missing(device).orElseGet(() -> Refusal.ofAttach(wanted, error))));
    }

    private static Optional<Refusal> missing(NetDevice device) {
        return NetDevice.find(device.name()).filter(device::equals).isPresent()
                ? Optional.empty()
                : Optional.of(new Refusal(
                        Refusal.Reason.NO_SUCH_DEVICE,
                        "there is no interface " + device.name() + " with index " + device.index() + " (any more)"));
    }
}
