package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.Fd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/** What outlives the agent, for one interface: a folder on a BPF file system with the maps, and with the link or the component. */
record Pins(Path folder) {
    private static final String LINK = "link";
    private static final String COMPONENT = "component-";

    /** Longer than an interface name can be (IFNAMSIZ), so that none is this one. */
    private static final String SHARED = "of-all-interfaces";

    /**
     * bpffs refuses names with a dot (kernel/bpf/inode.c bpf_lookup), VLAN interfaces usually have one, and no
     * interface name has a colon (net/core/dev.c dev_valid_name).
     */
    static Pins of(Path pinFolder, String ifname) {
        return new Pins(pinFolder.resolve(ifname.replace('.', ':')));
    }

    static List<Pins> in(Path pinFolder) {
        if (!Files.isDirectory(pinFolder)) {
            return List.of();
        }
        try (var folders = Files.list(pinFolder)) {
            return folders.filter(Files::isDirectory)
                    .filter(folder -> !folder.getFileName().toString().equals(SHARED))
                    .sorted()
                    .map(Pins::new)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where those pins are that belong to no interface in particular. */
    static Path shared(Path pinFolder) {
        return pinFolder.resolve(SHARED);
    }

    static void removeShared(Path pinFolder) {
        var folder = shared(pinFolder);
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (var pins = Files.list(folder)) {
            pins.forEach(Pins::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        delete(folder);
    }

    /** Tells what is pinned from what this agent would pin. */
    static String version(byte[]... made) {
        var sum = new CRC32();
        for (var part : made) {
            sum.update(part);
        }
        return "%08x".formatted(sum.getValue());
    }

    String ifname() {
        return folder.getFileName().toString().replace(':', '.');
    }

    Optional<Fd> link() {
        return Bpf.pinned(folder.resolve(LINK));
    }

    /** Whether our program was made a component of a dispatcher. */
    boolean isComponent() {
        return !components().isEmpty();
    }

    /** Whether that was a program of this version, with the maps that are here. */
    boolean isComponent(String version) {
        return Files.exists(folder.resolve(COMPONENT + version))
                && SteerMaps.NAMES.stream().map(folder::resolve).allMatch(Files::exists);
    }

    Optional<Integer> configId() {
        return Bpf.pinned(folder.resolve(SteerMaps.CONFIG)).map(map -> {
            try (map) {
                return Bpf.mapInfo(map).id();
            }
        });
    }

    Fd map(String name) {
        return Bpf.pinned(folder.resolve(name))
                .orElseThrow(() -> new IllegalStateException("the map " + name + " is not pinned in " + folder));
    }

    PinnedMaps maps() {
        return PinnedMaps.open(folder, SteerMaps.NAMES);
    }

    /**
     * Those that a program of another mode can use too. A CPUMAP remembers whether its first program took fragments and
     * refuses others (kernel/bpf/core.c bpf_prog_map_compatible).
     */
    PinnedMaps mapsForAnyMode() {
        return PinnedMaps.open(
                folder,
                SteerMaps.NAMES.stream()
                        .filter(name -> !name.equals(SteerMaps.CPUS))
                        .toList());
    }

    void pinLink(Fd link) {
        replace(link, folder.resolve(LINK));
    }

    void pinComponent(Fd program, String version) {
        var before = components();
        var pin = folder.resolve(COMPONENT + version);
        replace(program, pin);
        before.stream().filter(other -> !other.equals(pin)).forEach(Pins::delete);
    }

    void pinMaps(SteerMaps maps) {
        maps.forEach((name, map) -> {
            if (!isPinned(map, name)) {
                replace(map, folder.resolve(name));
            }
        });
    }

    void create() {
        create(folder);
    }

    static void create(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void removeHold() {
        delete(folder.resolve(LINK));
        components().forEach(Pins::delete);
    }

    /** A CPUMAP is for programs of one mode: see {@link #mapsForAnyMode}. */
    void removeCpus() {
        delete(folder.resolve(SteerMaps.CPUS));
    }

    void removeAll() {
        removeHold();
        SteerMaps.NAMES.forEach(name -> delete(folder.resolve(name)));
        delete(folder);
    }

    private List<Path> components() {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (var entries = Files.list(folder)) {
            return entries.filter(entry -> entry.getFileName().toString().startsWith(COMPONENT))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isPinned(Fd map, String name) {
        var pinned = Bpf.pinned(folder.resolve(name));
        if (pinned.isEmpty()) {
            return false;
        }
        try (var there = pinned.get()) {
            return Bpf.mapInfo(there).id() == Bpf.mapInfo(map).id();
        }
    }

    static void replace(Fd object, Path pin) {
        delete(pin);
        Bpf.pin(object, pin);
    }

    static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (NoSuchFileException e) {
            // Gone is what is wanted
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
