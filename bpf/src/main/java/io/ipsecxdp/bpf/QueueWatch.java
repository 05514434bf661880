package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.bpf.jna.BpfObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * queues.bpf.c in the kernel: counts what becomes of frames after they were redirected. Pinned as the rest is, so that it
 * counts on while no agent runs; an agent with another version of it attaches that one first and then ends the old.
 */
final class QueueWatch implements AutoCloseable {
    private static final String OBJECT = "queues";
    private static final String QUEUES = "queues";
    private static final String EXCEPTIONS = "exceptions";
    private static final List<String> MAPS = List.of(QUEUES, EXCEPTIONS);
    private static final List<String> PROGRAMS =
            List.of("on_enqueue", "on_kthread", "on_redirect_error", "on_exception");
    private static final int KEY_SIZE = 2 * Integer.BYTES;
    private static final int COUNT_SIZE = 4 * Long.BYTES;

    private final SharedMaps maps;
    private final int possibleCpus = Bpf.possibleCpus();

    private QueueWatch(SharedMaps maps) {
        this.maps = maps;
    }

    /** @return empty if the kernel does not let us see its tracepoints: steering works without */
    static Optional<QueueWatch> open(Path folder) {
        var elf = SteerProgram.compiled(OBJECT);
        try (var object = BpfObject.open(OBJECT, elf)) {
            var maps = SharedMaps.open(folder, object, MAPS);
            try {
                attach(folder, object, maps, "-" + Pins.version(elf));
                return Optional.of(new QueueWatch(maps));
            } catch (RuntimeException e) {
                maps.close();
                throw e;
            }
        } catch (BpfException e) {
            return Optional.empty();
        }
    }

    private static void attach(Path folder, BpfObject object, SharedMaps maps, String version) {
        var pins = PROGRAMS.stream().map(name -> name + version).toList();
        boolean attached = pins.stream().allMatch(name -> Files.exists(folder.resolve(name)));
        if (!attached) {
            MAPS.forEach(name -> object.reuse(name, maps.map(name)));
            object.load();
            for (var program : PROGRAMS) {
                try (var link = Bpf.attachTracepoint(object.program(program))) {
                    Pins.replace(link, folder.resolve(program + version));
                }
            }
        }
        try (var entries = Files.list(folder)) {
            entries.filter(entry -> PROGRAMS.stream()
                            .anyMatch(name -> entry.getFileName().toString().startsWith(name)))
                    .filter(entry -> !pins.contains(entry.getFileName().toString()))
                    .forEach(Pins::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** From now on, frames to the CPUs of this CPUMAP are counted, and those that this interface does not redirect. */
    void watch(int mapId, int ifindex) {
        Bpf.insert(maps.map(EXCEPTIONS), SteerMaps.int32(ifindex), new byte[Long.BYTES * possibleCpus]);
        var zeros = new byte[COUNT_SIZE * possibleCpus];
        IntStream.range(0, possibleCpus)
                .mapToObj(cpu -> key(mapId, cpu))
                .forEach(key -> Bpf.insert(maps.map(QUEUES), key, zeros));
    }

    void forget(int mapId, int ifindex) {
        Bpf.deleteIfThere(maps.map(EXCEPTIONS), SteerMaps.int32(ifindex));
        IntStream.range(0, possibleCpus)
                .mapToObj(cpu -> key(mapId, cpu))
                .forEach(key -> Bpf.deleteIfThere(maps.map(QUEUES), key));
    }

    /** The index is the CPU that the frames were sent to. */
    List<QueueCount> counts(int mapId) {
        return IntStream.range(0, possibleCpus)
                .mapToObj(cpu -> Bpf.lookup(maps.map(QUEUES), key(mapId, cpu), COUNT_SIZE * possibleCpus)
                        .map(this::sum)
                        .orElse(QueueCount.ZERO))
                .toList();
    }

    /** Frames that the interface's driver did not redirect, and dropped. */
    long exceptions(int ifindex) {
        return Bpf.lookup(maps.map(EXCEPTIONS), SteerMaps.int32(ifindex), Long.BYTES * possibleCpus).stream()
                .mapToLong(perCpu -> {
                    var counts = SteerMaps.nativeOrder(perCpu);
                    return IntStream.range(0, possibleCpus)
                            .mapToLong(cpu -> counts.getLong())
                            .sum();
                })
                .sum();
    }

    private QueueCount sum(byte[] perCpu) {
        var counts = SteerMaps.nativeOrder(perCpu);
        return IntStream.range(0, possibleCpus)
                .mapToObj(cpu -> new QueueCount(counts.getLong(), counts.getLong(), counts.getLong(), counts.getLong()))
                .reduce(QueueCount.ZERO, QueueCount::plus);
    }

    private static byte[] key(int mapId, int cpu) {
        return ByteBuffer.allocate(KEY_SIZE)
                .order(ByteOrder.nativeOrder())
                .putInt(mapId)
                .putInt(cpu)
                .array();
    }

    @Override
    public void close() {
        maps.close();
    }
}
