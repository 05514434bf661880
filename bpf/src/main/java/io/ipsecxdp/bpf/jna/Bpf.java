package io.ipsecxdp.bpf.jna;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.LibC;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * bpf(2) on file descriptors, by way of libbpf's low-level functions. All but those that return {@link Optional} throw
 * {@link BpfException} when the kernel refuses.
 */
public final class Bpf {
    static final int MAP_TYPE_CPUMAP = 16;

    static final int BPF_XDP = 37;
    static final int BPF_LINK_TYPE_XDP = 6;
    static final int BPF_NOEXIST = 1;
    private static final int IF_NAMESIZE = 16;

    /** MAX_USED_MAPS of include/linux/bpf_verifier.h. */
    private static final int MOST_MAPS = 64;

    private Bpf() {}

    /** Offsets in C's structs (x86-64 and arm64 agree); the test LayoutTest compares them with the compiler's. */
    static final class Layout {
        static final int OPTS_SZ = 0;

        static final int MAP_INFO_SIZE = 80;
        static final int MAP_INFO_TYPE = 0;
        static final int MAP_INFO_ID = 4;
        static final int MAP_INFO_KEY_SIZE = 8;
        static final int MAP_INFO_VALUE_SIZE = 12;
        static final int MAP_INFO_MAX_ENTRIES = 16;
        static final int MAP_INFO_FLAGS = 20;

        static final int MAP_CREATE_OPTS_SIZE = 48;
        static final int MAP_CREATE_OPTS_FLAGS = 28;

        static final int PROG_INFO_SIZE = 80;
        static final int PROG_INFO_TYPE = 0;
        static final int PROG_INFO_ID = 4;
        static final int PROG_INFO_NR_MAP_IDS = 52;
        static final int PROG_INFO_MAP_IDS = 56;
        static final int PROG_INFO_NAME = 64;
        static final int OBJ_NAME_LEN = 16;

        static final int LINK_INFO_SIZE = 32;
        static final int LINK_INFO_TYPE = 0;
        static final int LINK_INFO_PROG_ID = 8;
        static final int LINK_INFO_XDP_IFINDEX = 16;

        static final int LINK_CREATE_OPTS_SIZE = 64;
        static final int LINK_CREATE_OPTS_FLAGS = 8;

        static final int XDP_QUERY_OPTS_SIZE = 32;
        static final int XDP_QUERY_OPTS_DRV_PROG_ID = 12;
        static final int XDP_QUERY_OPTS_HW_PROG_ID = 16;
        static final int XDP_QUERY_OPTS_SKB_PROG_ID = 20;

        static final int TEST_RUN_OPTS_SIZE = 80;
        static final int TEST_RUN_OPTS_DATA_IN = 8;
        static final int TEST_RUN_OPTS_DATA_OUT = 16;
        static final int TEST_RUN_OPTS_DATA_SIZE_IN = 24;
        static final int TEST_RUN_OPTS_DATA_SIZE_OUT = 28;
        static final int TEST_RUN_OPTS_CTX_IN = 32;
        static final int TEST_RUN_OPTS_CTX_SIZE_IN = 48;
        static final int TEST_RUN_OPTS_RETVAL = 56;
        static final int TEST_RUN_OPTS_REPEAT = 60;
        static final int TEST_RUN_OPTS_DURATION = 64;

        static final int XDP_MD_SIZE = 24;
        static final int XDP_MD_DATA_END = 4;

        private Layout() {}
    }

    /** Whether the calling thread's network namespace has an interface of this index. */
    public static boolean hasInterface(int index) {
        try (var name = new Memory(IF_NAMESIZE)) {
            return LibC.if_indextoname(index, name) != null;
        }
    }

    /** CPUs that may ever come online (/sys/devices/system/cpu/possible). */
    public static int possibleCpus() {
        return check("Counting the possible CPUs", Libbpf.libbpf_num_possible_cpus());
    }

    /** Whether the kernel makes a CPUMAP when asked for one. */
    public static boolean hasCpuMap() {
        return Libbpf.libbpf_probe_bpf_map_type(MAP_TYPE_CPUMAP, Pointer.NULL) == 1;
    }

    /** The object pinned there; empty if there is none. */
    public static Optional<Fd> pinned(Path pin) {
        int fd = Libbpf.bpf_obj_get(pin.toString());
        if (fd == -Errno.ENOENT.number()) {
            return Optional.empty();
        }
        return Optional.of(Fd.owned(check("Opening the pin " + pin, fd)));
    }

    public static void pin(Fd object, Path pin) {
        check("Pinning to " + pin, Libbpf.bpf_obj_pin(object.number(), pin.toString()));
    }

    public static MapInfo mapInfo(Fd map) {
        try (var info = info("a map", map, Layout.MAP_INFO_SIZE)) {
            return new MapInfo(
                    info.getInt(Layout.MAP_INFO_ID),
                    new MapInfo.Shape(
                            info.getInt(Layout.MAP_INFO_TYPE),
                            info.getInt(Layout.MAP_INFO_KEY_SIZE),
                            info.getInt(Layout.MAP_INFO_VALUE_SIZE),
                            info.getInt(Layout.MAP_INFO_MAX_ENTRIES),
                            info.getInt(Layout.MAP_INFO_FLAGS)));
        }
    }

    public static ProgramInfo programInfo(Fd program) {
        try (var info = new Memory(Layout.PROG_INFO_SIZE);
                var maps = new Memory((long) MOST_MAPS * Integer.BYTES)) {
            info.clear();
            info.setInt(Layout.PROG_INFO_NR_MAP_IDS, MOST_MAPS);
            info.setPointer(Layout.PROG_INFO_MAP_IDS, maps);
            fill(info, "a program", program);
            var name = info.getByteArray(Layout.PROG_INFO_NAME, Layout.OBJ_NAME_LEN);
            int used = Math.min(info.getInt(Layout.PROG_INFO_NR_MAP_IDS), MOST_MAPS);
            return new ProgramInfo(
                    info.getInt(Layout.PROG_INFO_TYPE),
                    info.getInt(Layout.PROG_INFO_ID),
                    cString(name),
                    IntStream.of(maps.getIntArray(0, used)).boxed().collect(Collectors.toSet()));
        }
    }

    /** Empty if the descriptor is a link of another type. */
    public static Optional<XdpLinkInfo> xdpLinkInfo(Fd link) {
        try (var info = info("a link", link, Layout.LINK_INFO_SIZE)) {
            return info.getInt(Layout.LINK_INFO_TYPE) == BPF_LINK_TYPE_XDP
                    ? Optional.of(new XdpLinkInfo(
                            info.getInt(Layout.LINK_INFO_PROG_ID), info.getInt(Layout.LINK_INFO_XDP_IFINDEX)))
                    : Optional.empty();
        }
    }

    /** The program with this id; empty if it is gone, or if we may not open it, which takes CAP_SYS_ADMIN. */
    public static Optional<Fd> programById(int id) {
        int fd = Libbpf.bpf_prog_get_fd_by_id(id);
        return fd == -Errno.ENOENT.number() || fd == -Errno.EPERM.number()
                ? Optional.empty()
                : Optional.of(Fd.owned(check("Opening program " + id, fd)));
    }

    /**
     * The value under a 32-bit key; empty if there is none.
     *
     * @param size bytes of the value; for a per-CPU map, of all CPUs' values, each rounded up to 8
     */
    public static Optional<byte[]> lookup(Fd map, int key, int size) {
        try (var k = int32(key);
                var value = new Memory(size)) {
            int result = Libbpf.bpf_map_lookup_elem(map.number(), k, value);
            if (result == -Errno.ENOENT.number()) {
                return Optional.empty();
            }
            check("Reading key " + key + " of a map", result);
            return Optional.of(value.getByteArray(0, size));
        }
    }

    /** As {@link #lookup(Fd, int, int)}, for keys of any size. */
    public static Optional<byte[]> lookup(Fd map, byte[] key, int size) {
        try (var k = memory(key);
                var value = new Memory(size)) {
            int result = Libbpf.bpf_map_lookup_elem(map.number(), k, value);
            if (result == -Errno.ENOENT.number()) {
                return Optional.empty();
            }
            check("Reading an entry of a map", result);
            return Optional.of(value.getByteArray(0, size));
        }
    }

    /** The keys that are in the map; some may be twice or missing if it changes meanwhile. */
    public static List<byte[]> keys(Fd map, int keySize) {
        var keys = new ArrayList<byte[]>();
        try (var key = new Memory(keySize);
                var next = new Memory(keySize)) {
            var last = Pointer.NULL;
            // A key that vanishes under the walk sends it back to the start (kernel/bpf/hashtab.c
            // htab_map_get_next_key)
            int most = 2 * mapInfo(map).shape().maxEntries();
            while (keys.size() < most) {
                int result = Libbpf.bpf_map_get_next_key(map.number(), last, next);
                if (result == -Errno.ENOENT.number()) {
                    break;
                }
                check("Walking through a map", result);
                var found = next.getByteArray(0, keySize);
                keys.add(found);
                key.write(0, found, 0, keySize);
                last = key;
            }
        }
        return keys;
    }

    public static void update(Fd map, int key, byte[] value) {
        update(map, int32Bytes(key), value);
    }

    public static void update(Fd map, byte[] key, byte[] value) {
        try (var k = memory(key);
                var v = memory(value)) {
            check("Writing an entry of a map", Libbpf.bpf_map_update_elem(map.number(), k, v, 0));
        }
    }

    /** Writes an entry where there is none yet. */
    public static void insert(Fd map, byte[] key, byte[] value) {
        try (var k = memory(key);
                var v = memory(value)) {
            int result = Libbpf.bpf_map_update_elem(map.number(), k, v, BPF_NOEXIST);
            if (result != -Errno.EEXIST.number()) {
                check("Adding an entry to a map", result);
            }
        }
    }

    public static void delete(Fd map, int key) {
        delete(map, int32Bytes(key));
    }

    public static void delete(Fd map, byte[] key) {
        try (var k = memory(key)) {
            check("Deleting an entry of a map", Libbpf.bpf_map_delete_elem(map.number(), k));
        }
    }

    public static void deleteIfThere(Fd map, byte[] key) {
        try (var k = memory(key)) {
            int result = Libbpf.bpf_map_delete_elem(map.number(), k);
            if (result != -Errno.ENOENT.number()) {
                check("Deleting an entry of a map", result);
            }
        }
    }

    public static Fd createMap(String name, MapInfo.Shape shape) {
        try (var opts = opts(Layout.MAP_CREATE_OPTS_SIZE)) {
            opts.setInt(Layout.MAP_CREATE_OPTS_FLAGS, shape.flags());
            return Fd.owned(check(
                    "Making the map " + name,
                    Libbpf.bpf_map_create(
                            shape.type(), name, shape.keySize(), shape.valueSize(), shape.maxEntries(), opts)));
        }
    }

    /** A link that runs a loaded tp_btf program at its tracepoint until the link's last descriptor or pin is gone. */
    public static Fd attachTracepoint(Fd program) {
        int fd = Libbpf.bpf_raw_tracepoint_open(null, program.number());
        return Fd.owned(check("Attaching to a tracepoint", fd));
    }

    /** A link that holds the program on the interface until the link's last descriptor or pin is gone. */
    public static Fd attachXdp(Fd program, int ifindex, XdpFlag flag) {
        try (var opts = opts(Layout.LINK_CREATE_OPTS_SIZE)) {
            opts.setInt(Layout.LINK_CREATE_OPTS_FLAGS, flag.bits());
            int fd = Libbpf.bpf_link_create(program.number(), ifindex, BPF_XDP, opts);
            return Fd.owned(check("Attaching XDP to interface " + ifindex, fd));
        }
    }

    /** Replaces the link's program; each frame meets the old one or the new one. */
    public static void replaceProgram(Fd link, Fd program) {
        check("Replacing the XDP program", Libbpf.bpf_link_update(link.number(), program.number(), Pointer.NULL));
    }

    /** Takes the program off the interface at once, whoever else holds the link. */
    public static void detach(Fd link) {
        check("Detaching the XDP program", Libbpf.bpf_link_detach(link.number()));
    }

    /** The XDP programs on an interface of the calling thread's network namespace. */
    public static XdpPrograms xdpPrograms(int ifindex) {
        try (var opts = opts(Layout.XDP_QUERY_OPTS_SIZE)) {
            check("Asking for the XDP programs of interface " + ifindex, Libbpf.bpf_xdp_query(ifindex, 0, opts));
            return new XdpPrograms(
                    opts.getInt(Layout.XDP_QUERY_OPTS_DRV_PROG_ID),
                    opts.getInt(Layout.XDP_QUERY_OPTS_SKB_PROG_ID),
                    opts.getInt(Layout.XDP_QUERY_OPTS_HW_PROG_ID));
        }
    }

    /**
     * Runs an XDP program on a frame, as if it came in on the loopback of the calling thread's network namespace
     * (net/bpf/test_run.c bpf_prog_test_run_xdp). A redirect only looks its map up. One call costs milliseconds unless
     * the program is also attached somewhere, so timings need many repetitions.
     *
     * @param frame at least 14 bytes, the kernel takes no less
     * @param linear how many of its bytes are in the first buffer, which is all that the program can read; less than all
     *     needs Linux 6.18
     * @param repeat at least 1
     */
    public static TestRun testRun(Fd program, byte[] frame, int linear, int repeat) {
        try (var in = memory(frame);
                var out = new Memory(frame.length);
                var context = new Memory(Layout.XDP_MD_SIZE);
                var opts = opts(Layout.TEST_RUN_OPTS_SIZE)) {
            context.clear();
            context.setInt(Layout.XDP_MD_DATA_END, linear);
            opts.setPointer(Layout.TEST_RUN_OPTS_DATA_IN, in);
            opts.setPointer(Layout.TEST_RUN_OPTS_DATA_OUT, out);
            opts.setInt(Layout.TEST_RUN_OPTS_DATA_SIZE_IN, frame.length);
            opts.setInt(Layout.TEST_RUN_OPTS_DATA_SIZE_OUT, frame.length);
            opts.setPointer(Layout.TEST_RUN_OPTS_CTX_IN, context);
            opts.setInt(Layout.TEST_RUN_OPTS_CTX_SIZE_IN, Layout.XDP_MD_SIZE);
            opts.setInt(Layout.TEST_RUN_OPTS_REPEAT, repeat);
            check("Running a program on a frame", Libbpf.bpf_prog_test_run_opts(program.number(), opts));
            return new TestRun(
                    opts.getInt(Layout.TEST_RUN_OPTS_RETVAL),
                    out.getByteArray(0, opts.getInt(Layout.TEST_RUN_OPTS_DATA_SIZE_OUT)),
                    opts.getInt(Layout.TEST_RUN_OPTS_DURATION));
        }
    }

    static int check(String tried, int result) {
        if (result < 0) {
            throw new BpfException(tried, -result);
        }
        return result;
    }

    private static Memory info(String what, Fd fd, int size) {
        var info = new Memory(size);
        info.clear();
        try {
            fill(info, what, fd);
            return info;
        } catch (RuntimeException e) {
            info.close();
            throw e;
        }
    }

    private static void fill(Memory info, String what, Fd fd) {
        try (var length = int32((int) info.size())) {
            check("Asking for the facts of " + what, Libbpf.bpf_obj_get_info_by_fd(fd.number(), info, length));
        }
    }

    static Memory opts(int size) {
        var opts = new Memory(size);
        opts.clear();
        opts.setLong(Layout.OPTS_SZ, size);
        return opts;
    }

    static Memory memory(byte[] bytes) {
        var memory = new Memory(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        return memory;
    }

    private static Memory int32(int value) {
        var memory = new Memory(Integer.BYTES);
        memory.setInt(0, value);
        return memory;
    }

    private static byte[] int32Bytes(int value) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
    }

    private static String cString(byte[] bytes) {
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.US_ASCII);
    }
}
