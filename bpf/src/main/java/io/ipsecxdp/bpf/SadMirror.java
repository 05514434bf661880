package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * SAs for the program to know beside the kernel's SAD, for all steered interfaces of the namespace. Where the kernel cannot
 * look SAs up from XDP it is all that tells SAs from unknown SPIs, so it must be kept equal to the SAD; elsewhere it names
 * owners that the kernel's SAs do not have.
 */
public final class SadMirror implements AutoCloseable {
    /** {@code max_entries} of sad_mirror in maps.h. */
    public static final int MAX_SAS = 1 << 20;

    private final SharedMaps shared;
    private final Map<Key, Integer> written;

    private record Key(ByteBuffer bytes) {
        static Key of(KnownSa sa) {
            return new Key(ByteBuffer.wrap(sa.key()));
        }
    }

    SadMirror(SharedMaps shared) {
        this.shared = shared;
        this.written = new HashMap<>();
        var map = shared.map(SteerMaps.SAD_MIRROR);
        Bpf.keys(map, KnownSa.KEY_SIZE)
                .forEach(key -> Bpf.lookup(map, key, Integer.BYTES)
                        .ifPresent(cpu -> written.put(
                                new Key(ByteBuffer.wrap(key)),
                                SteerMaps.nativeOrder(cpu).getInt())));
    }

    /**
     * Brings the mirror to these SAs; only differences are written, new ones first. From the first call on, ESP and AH whose
     * SA is not among them is unknown where the kernel has no lookup of its own and unknown SPIs are not just passed.
     *
     * @param sas at most {@link #MAX_SAS}, of different destination, SPI and protocol
     */
    public synchronized void replace(Set<KnownSa> sas) {
        var wanted = sas.stream().collect(Collectors.toMap(Key::of, KnownSa::value, (first, second) -> first));
        wanted.forEach(this::write);
        written.keySet().stream()
                .filter(key -> !wanted.containsKey(key))
                .toList()
                .forEach(this::erase);
        Bpf.update(shared.map(SteerMaps.MIRROR_FILLED), 0, SteerMaps.int32(1));
    }

    /** Adds SAs or changes their CPUs, and removes others, without looking at the rest. */
    public synchronized void change(Collection<KnownSa> added, Collection<KnownSa> removed) {
        added.forEach(sa -> write(Key.of(sa), sa.value()));
        removed.forEach(sa -> erase(Key.of(sa)));
    }

    /** Leaves the mirror as it is. */
    @Override
    public synchronized void close() {
        shared.close();
    }

    private void write(Key key, int cpu) {
        var there = written.get(key);
        if (there == null || there != cpu) {
            Bpf.update(shared.map(SteerMaps.SAD_MIRROR), key.bytes().array(), SteerMaps.int32(cpu));
            written.put(key, cpu);
        }
    }

    private void erase(Key key) {
        if (written.remove(key) != null) {
            Bpf.delete(shared.map(SteerMaps.SAD_MIRROR), key.bytes().array());
        }
    }
}
