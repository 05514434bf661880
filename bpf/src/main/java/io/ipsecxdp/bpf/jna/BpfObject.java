package io.ipsecxdp.bpf.jna;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;

/**
 * A BPF object file on its way into the kernel: opened, prepared, loaded. The descriptors of what was loaded are open as
 * long as this is.
 */
public final class BpfObject implements AutoCloseable {
    /** Up to and with object_name; libbpf takes the rest as zero. */
    static final int OPEN_OPTS_SIZE = 16;

    static final int OPEN_OPTS_OBJECT_NAME = 8;

    /** BPF_F_XDP_HAS_FRAGS of include/uapi/linux/bpf.h. */
    private static final int XDP_HAS_FRAGS = 1 << 5;

    private final String name;
    private final Pointer object;

    private BpfObject(String name, Pointer object) {
        this.name = name;
        this.object = object;
    }

    /** Reads an ELF file made by clang; nothing is in the kernel yet. */
    public static BpfObject open(String name, byte[] elf) {
        return LibbpfLog.during(() -> {
            var nameBytes = (name + "\0").getBytes(StandardCharsets.US_ASCII);
            try (var file = Bpf.memory(elf);
                    var objectName = Bpf.memory(nameBytes);
                    var opts = Bpf.opts(OPEN_OPTS_SIZE)) {
                opts.setPointer(OPEN_OPTS_OBJECT_NAME, objectName);
                var object = Libbpf.bpf_object__open_mem(file, elf.length, opts);
                if (object == null) {
                    throw new BpfException("Opening the BPF object " + name, Native.getLastError(), LibbpfLog.said());
                }
                return new BpfObject(name, object);
            }
        });
    }

    public MapInfo.Shape shape(String map) {
        var m = find(map);
        return new MapInfo.Shape(
                Libbpf.bpf_map__type(m),
                Libbpf.bpf_map__key_size(m),
                Libbpf.bpf_map__value_size(m),
                Libbpf.bpf_map__max_entries(m),
                Libbpf.bpf_map__map_flags(m));
    }

    public void setMaxEntries(String map, int maxEntries) {
        Bpf.check("Sizing the map " + map, Libbpf.bpf_map__set_max_entries(find(map), maxEntries));
    }

    /** Makes the program use this map in the place of a new one. The caller has compared the shapes. */
    public void reuse(String map, Fd existing) {
        Bpf.check("Reusing the map " + map, Libbpf.bpf_map__reuse_fd(find(map), existing.number()));
    }

    /** Sets the constants of the program, each 32 bits wide and in this order, which the verifier then takes as known. */
    public void setConstants(int... values) {
        try (var size = new Memory(Long.BYTES)) {
            var data = Libbpf.bpf_map__initial_value(find(".rodata"), size);
            if (data == null || size.getLong(0) != (long) values.length * Integer.BYTES) {
                throw new IllegalStateException(
                        "the BPF object " + name + " does not have exactly " + values.length + " 32-bit constants");
            }
            data.write(0, values, 0, values.length);
        }
    }

    /** Lets an XDP program see frames of several buffers ({@code BPF_F_XDP_HAS_FRAGS}, Linux 5.18). */
    public void takeFragments(String program) {
        var p = findProgram(program);
        Bpf.check(
                "Setting the flags of the program " + program,
                Libbpf.bpf_program__set_flags(p, Libbpf.bpf_program__flags(p) | XDP_HAS_FRAGS));
    }

    /** Makes the maps, and has the verifier judge the program. The exception carries the verifier's log. */
    public void load() {
        LibbpfLog.during(() -> {
            int result = Libbpf.bpf_object__load(object);
            if (result < 0) {
                throw new BpfException("Loading the BPF program " + name, -result, LibbpfLog.said());
            }
            return result;
        });
    }

    /** For libxdp, which loads it in its own way. */
    Pointer pointer() {
        return object;
    }

    public Fd program(String program) {
        return Fd.borrowed(
                Bpf.check("Asking for the program " + program, Libbpf.bpf_program__fd(findProgram(program))));
    }

    public Fd map(String map) {
        return Fd.borrowed(Bpf.check("Asking for the map " + map, Libbpf.bpf_map__fd(find(map))));
    }

    @Override
    public void close() {
        Libbpf.bpf_object__close(object);
    }

    private Pointer findProgram(String program) {
        var p = Libbpf.bpf_object__find_program_by_name(object, program);
        if (p == null) {
            throw new IllegalStateException("the BPF object " + name + " has no program " + program);
        }
        return p;
    }

    private Pointer find(String map) {
        var m = Libbpf.bpf_object__find_map_by_name(object, map);
        if (m == null) {
            throw new IllegalStateException("the BPF object " + name + " has no map " + map);
        }
        return m;
    }
}
