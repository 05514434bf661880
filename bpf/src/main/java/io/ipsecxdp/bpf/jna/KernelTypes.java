package io.ipsecxdp.bpf.jna;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.stream.IntStream;

/** The running kernel's BTF. Large while open (tens of MiB), so ask and close. */
public final class KernelTypes implements AutoCloseable {
    static final int BTF_KIND_STRUCT = 4;
    static final int BTF_KIND_FUNC = 12;
    static final int BTF_TYPE_SIZE = 12;
    static final int BTF_TYPE_INFO = 4;
    static final int BTF_MEMBER_SIZE = 12;

    private final Pointer btf;

    private KernelTypes(Pointer btf) {
        this.btf = btf;
    }

    /** @throws BpfException if the kernel has no BTF (CONFIG_DEBUG_INFO_BTF) */
    public static KernelTypes read() {
        return LibbpfLog.during(() -> {
            var btf = Libbpf.btf__load_vmlinux_btf();
            if (btf == null) {
                throw new BpfException("Reading the kernel's BTF", Native.getLastError(), LibbpfLog.said());
            }
            return new KernelTypes(btf);
        });
    }

    public boolean hasFunction(String name) {
        return Libbpf.btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
    }

    /** Whether the struct has the member itself, not inside an anonymous union or struct. */
    public boolean hasMember(String struct, String member) {
        int id = Libbpf.btf__find_by_name_kind(btf, struct, BTF_KIND_STRUCT);
        if (id <= 0) {
            return false;
        }
        var type = Libbpf.btf__type_by_id(btf, id);
        int members = type.getInt(BTF_TYPE_INFO) & 0xFFFF;
        return IntStream.range(0, members)
                .map(i -> type.getInt(BTF_TYPE_SIZE + (long) i * BTF_MEMBER_SIZE))
                .mapToObj(offset -> Libbpf.btf__name_by_offset(btf, offset))
                .anyMatch(member::equals);
    }

    @Override
    public void close() {
        Libbpf.btf__free(btf);
    }
}
