package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Function;

/** steer.bpf.c in the kernel, with its maps, attached to nothing yet. */
final class SteerProgram implements AutoCloseable {
    static final String PROGRAM = "steer";

    private final BpfObject object;
    private final SteerMaps maps;

    private SteerProgram(BpfObject object) {
        this.object = object;
        this.maps = SteerMaps.of(object);
    }

    /** The object that was compiled into this jar. */
    static byte[] compiled() {
        return compiled(PROGRAM);
    }

    static byte[] compiled(String name) {
        var file = name + ".bpf.o";
        try (var in = SteerProgram.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException(file + " is not in the jar: the build did not compile it");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Loads the program for a mode; existing maps that fit take the place of new ones, and stay the caller's to close.
     *
     * <p>Native: with multi-buffer frames, which CPUMAP has taken ever since XDP knows them (Linux 5.18: net/core/filter.c
     * xdp_do_redirect made an exception for it, cpumap builds the skb with __xdp_build_skb_from_frame); without the flag
     * a native driver refuses the program on an interface with a jumbo MTU. Generic: without. There the flag makes the
     * kernel copy the frame into a new skb whose mac_len is 0 (netif_skb_check_for_xdp in net/core/dev.c), and
     * cpu_map_generic_redirect then pulls nothing: on Linux 7.3 the frame meets the IP layer with its Ethernet header in
     * front and is dropped.
     *
     * @throws BpfException with the verifier's log if the kernel refuses the program
     */
    static SteerProgram load(byte[] elf, Capabilities capabilities, AttachedMode mode, PinnedMaps existing) {
        return load(elf, capabilities, mode, existing, name -> Optional.empty());
    }

    /** @param shared the maps that this program has in common with those of other interfaces, by name */
    static SteerProgram load(
            byte[] elf,
            Capabilities capabilities,
            AttachedMode mode,
            PinnedMaps existing,
            Function<String, Optional<Fd>> shared) {
        return load(BpfObject.open(PROGRAM, elf), capabilities, mode, existing, shared);
    }

    /** @param object opened, not loaded; closed with what is returned */
    static SteerProgram load(
            BpfObject object,
            Capabilities capabilities,
            AttachedMode mode,
            PinnedMaps existing,
            Function<String, Optional<Fd>> shared) {
        try {
            prepare(object, capabilities, mode);
            SteerMaps.NAMES.forEach(
                    name -> existing.fitting(name, object.shape(name)).ifPresent(map -> object.reuse(name, map)));
            SteerMaps.SHARED.forEach(name -> shared.apply(name).ifPresent(map -> object.reuse(name, map)));
            object.load();
            return new SteerProgram(object);
        } catch (RuntimeException e) {
            object.close();
            throw e;
        }
    }

    static void prepare(BpfObject object, Capabilities capabilities, AttachedMode mode) {
        object.setMaxEntries(SteerMaps.CPUS, Bpf.possibleCpus());
        object.setConstants(
                capabilities.saLookup() ? 1 : 0, capabilities.saLookup() && capabilities.saRecall() ? 1 : 0);
        if (mode == AttachedMode.NATIVE) {
            object.takeFragments(PROGRAM);
        }
    }

    /** Open as long as this is. */
    Fd program() {
        return object.program(PROGRAM);
    }

    /** Open as long as this is. */
    SteerMaps maps() {
        return maps;
    }

    @Override
    public void close() {
        object.close();
    }
}
