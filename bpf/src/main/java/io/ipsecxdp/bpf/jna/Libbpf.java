package io.ipsecxdp.bpf.jna;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.Pointer;

/**
 * Direct mapping of libbpf 1.x (bpf.h, libbpf.h, btf.h). Functions that return int answer with a negative error number;
 * those that return a pointer answer with null and leave the number in {@link Native#getLastError}.
 */
final class Libbpf {
    static {
        try {
            Native.register(Libbpf.class, "libbpf.so.1");
        } catch (UnsatisfiedLinkError e) {
            throw new UnsatisfiedLinkError(
                    "libbpf.so.1 cannot be loaded; install it (Debian package libbpf1): " + e.getMessage());
        }
        libbpf_set_print(LibbpfLog.CAPTURE);
    }

    private Libbpf() {}

    interface PrintFunction extends Callback {
        int print(int level, Pointer format, Pointer vaList);
    }

    static native Pointer libbpf_set_print(PrintFunction function);

    static native int libbpf_num_possible_cpus();

    static native Pointer bpf_object__open_mem(Pointer elf, long size, Pointer opts);

    static native int bpf_object__load(Pointer object);

    static native void bpf_object__close(Pointer object);

    static native Pointer bpf_object__find_map_by_name(Pointer object, String name);

    static native Pointer bpf_object__find_program_by_name(Pointer object, String name);

    static native int bpf_map__fd(Pointer map);

    static native int bpf_map__type(Pointer map);

    static native int bpf_map__key_size(Pointer map);

    static native int bpf_map__value_size(Pointer map);

    static native int bpf_map__max_entries(Pointer map);

    static native int bpf_map__map_flags(Pointer map);

    static native int bpf_map__set_max_entries(Pointer map, int maxEntries);

    static native int bpf_map__reuse_fd(Pointer map, int fd);

    static native Pointer bpf_map__initial_value(Pointer map, Pointer size);

    static native int bpf_program__fd(Pointer program);

    static native int bpf_program__flags(Pointer program);

    static native int bpf_program__set_flags(Pointer program, int flags);

    static native int bpf_obj_get(String path);

    static native int bpf_obj_pin(int fd, String path);

    static native int bpf_obj_get_info_by_fd(int fd, Pointer info, Pointer infoLength);

    static native int bpf_prog_get_fd_by_id(int id);

    static native int bpf_btf_get_fd_by_id(int id);

    static native int bpf_map_lookup_elem(int fd, Pointer key, Pointer value);

    static native int bpf_map_update_elem(int fd, Pointer key, Pointer value, long flags);

    static native int bpf_map_delete_elem(int fd, Pointer key);

    static native int bpf_map_get_next_key(int fd, Pointer key, Pointer nextKey);

    static native int bpf_map_create(int type, String name, int keySize, int valueSize, int maxEntries, Pointer opts);

    static native int bpf_raw_tracepoint_open(String name, int programFd);

    static native int bpf_link_create(int programFd, int target, int attachType, Pointer opts);

    static native int bpf_link_update(int linkFd, int programFd, Pointer opts);

    static native int bpf_link_detach(int linkFd);

    static native int bpf_xdp_query(int ifindex, int flags, Pointer opts);

    static native int bpf_prog_test_run_opts(int programFd, Pointer opts);

    static native int libbpf_probe_bpf_map_type(int type, Pointer opts);

    static native int libbpf_probe_bpf_prog_type(int type, Pointer opts);

    static native Pointer btf__load_vmlinux_btf();

    static native void btf__free(Pointer btf);

    static native int btf__find_by_name_kind(Pointer btf, String name, int kind);

    static native Pointer btf__type_by_id(Pointer btf, int id);

    static native String btf__name_by_offset(Pointer btf, int offset);
}
