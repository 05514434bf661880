package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.Dispatcher.Component;
import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.DispatcherLibrary;
import io.ipsecxdp.bpf.jna.Fd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * libxdp's dispatchers, by which XDP programs share an interface. What there is is read from where libxdp pins it (lib/libxdp
 * of xdp-tools, protocol.org): that takes neither the library nor its rights. Changing it takes both.
 */
public final class Dispatchers {
    /** After programs that say nothing, which have 50: who redirects ends the chain, and others want to see frames before. */
    static final int PRIORITY = 90;

    private static final Pattern FOLDER = Pattern.compile("dispatch-([0-9]{1,9})-([0-9]{1,9})");
    private static final int MOST_COMPONENTS = 10;
    private static final String PROGRAM = "-prog";
    private static final String LINK = "-link";

    private final Path folder;
    private final boolean shared;

    private Dispatchers(Path bpffs, boolean shared) {
        this.folder = bpffs.resolve("xdp");
        this.shared = shared;
    }

    /** They are seen and told of, and nothing is put into them: our program has an interface alone, or not at all. */
    public static Dispatchers leftAlone(Path bpffs) {
        return new Dispatchers(bpffs, false);
    }

    /** Our program is always a component of one. {@link #lack} must have been empty. */
    public static Dispatchers shared(Path bpffs) {
        return new Dispatchers(bpffs, true);
    }

    /** Why our program cannot be a component; empty if it can. A process can use one BPF file system, the first. */
    public static Optional<String> lack(Path bpffs) {
        return DispatcherLibrary.lack(bpffs);
    }

    boolean isShared() {
        return shared;
    }

    /** The one that is attached to the interface; empty if there is none, or if its pins are elsewhere. */
    Optional<Dispatcher> on(int ifindex) {
        var attached = Bpf.xdpPrograms(ifindex).any();
        return attached.isEmpty()
                ? Optional.empty()
                : Optional.of(folder.resolve("dispatch-" + ifindex + "-" + attached.getAsInt()))
                        .filter(Files::isDirectory)
                        .map(pins -> read(pins, ifindex, attached.getAsInt()));
    }

    /** The one that is attached to an interface and has a component that uses the map. */
    Optional<Dispatcher> withMap(int mapId) {
        return all().stream()
                .filter(dispatcher -> Bpf.hasInterface(dispatcher.ifindex()))
                .filter(dispatcher -> !dispatcher.using(mapId).isEmpty())
                .filter(dispatcher -> Bpf.xdpPrograms(dispatcher.ifindex()).has(dispatcher.programId()))
                .findFirst();
    }

    void join(BpfObject object, String program, int ifindex, AttachedMode mode) {
        DispatcherLibrary.join(object, "xdp", program, ifindex, mode.flag(), PRIORITY);
    }

    /** Takes components out of the dispatcher of the interface; the others stay, and see each frame meanwhile. */
    void leave(int ifindex, Predicate<Component> which) {
        // Each change has a folder of its own, so all are opened before the first
        var programs = on(ifindex).stream()
                .flatMap(dispatcher -> dispatcher.components().stream()
                        .filter(which)
                        .flatMap(component ->
                                Bpf.pinned(dispatcher.folder().resolve(component.slot() + PROGRAM)).stream()))
                .toList();
        try {
            var mode = Bpf.xdpPrograms(ifindex).genericId() == 0 ? AttachedMode.NATIVE : AttachedMode.GENERIC;
            programs.forEach(program -> DispatcherLibrary.leave(program, ifindex, mode.flag()));
        } finally {
            programs.forEach(Fd::close);
        }
    }

    /**
     * Of dispatchers whose interface is gone, removes the pins of those components that use the map; what others have there
     * is theirs.
     */
    void sweep(int mapId) {
        for (var dispatcher : all()) {
            if (!Bpf.hasInterface(dispatcher.ifindex())) {
                dispatcher.using(mapId).forEach(component -> {
                    Pins.delete(dispatcher.folder().resolve(component.slot() + LINK));
                    Pins.delete(dispatcher.folder().resolve(component.slot() + PROGRAM));
                });
                deleteIfEmpty(dispatcher.folder());
            }
        }
    }

    private List<Dispatcher> all() {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (var folders = Files.list(folder)) {
            return folders.flatMap(pins -> {
                        var name = FOLDER.matcher(pins.getFileName().toString());
                        return name.matches()
                                ? Stream.of(
                                        read(pins, Integer.parseInt(name.group(1)), Integer.parseInt(name.group(2))))
                                : Stream.empty();
                    })
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Dispatcher read(Path pins, int ifindex, int programId) {
        var components = IntStream.range(0, MOST_COMPONENTS)
                .mapToObj(i -> "prog" + i)
                .flatMap(slot -> Bpf.pinned(pins.resolve(slot + PROGRAM)).stream()
                        .map(program -> {
                            try (program) {
                                return new Component(slot, Bpf.programInfo(program));
                            }
                        }))
                .toList();
        return new Dispatcher(ifindex, programId, pins, components);
    }

    private static void deleteIfEmpty(Path folder) {
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // Others have something there
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
