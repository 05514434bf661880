package io.ipsecxdp.bpf.jna;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.bpf.jna.Bpf.Layout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The offsets that the binding uses are those of C's structs: the compiler checks each by a static assertion. */
class LayoutTest {
    private record Fact(String expression, int value) {
        String assertion() {
            return "_Static_assert(%s == %d, \"%s\");".formatted(expression, value, expression);
        }
    }

    @Test
    void theCompilerAgrees(@TempDir Path folder) throws IOException, InterruptedException {
        assertThat(compile(folder, FACTS)).isEmpty();
    }

    @Test
    void theCompilerWouldNotice(@TempDir Path folder) throws IOException, InterruptedException {
        assertThat(compile(folder, List.of(offset("bpf_test_run_opts", "retval", Layout.TEST_RUN_OPTS_RETVAL + 1))))
                .contains("static");
    }

    private static String compile(Path folder, List<Fact> facts) throws IOException, InterruptedException {
        var source = folder.resolve("layout.c");
        Files.writeString(
                source,
                facts.stream()
                        .map(Fact::assertion)
                        .collect(Collectors.joining(
                                "\n",
                                "#include <linux/bpf.h>\n#include <linux/if_link.h>\n"
                                        + "#include <bpf/bpf.h>\n#include <bpf/libbpf.h>\n#include <bpf/btf.h>\n",
                                "\n")));
        var compiler = new ProcessBuilder("clang", "-fsyntax-only", source.toString())
                .redirectErrorStream(true)
                .start();
        var output = new String(compiler.getInputStream().readAllBytes());
        return compiler.waitFor() == 0 ? "" : output;
    }

    private static Fact offset(String struct, String member, int value) {
        return new Fact("__builtin_offsetof(struct %s, %s)".formatted(struct, member), value);
    }

    /** How much is read or written must not be more than there is, or is zeroed up to. */
    private static Fact holds(String struct, int size) {
        return new Fact("(sizeof(struct %s) <= %d)".formatted(struct, size), 1);
    }

    private static final List<Fact> FACTS = List.of(
            offset("bpf_object_open_opts", "sz", Layout.OPTS_SZ),
            offset("bpf_object_open_opts", "object_name", BpfObject.OPEN_OPTS_OBJECT_NAME),
            offset("bpf_map_info", "type", Layout.MAP_INFO_TYPE),
            offset("bpf_map_info", "id", Layout.MAP_INFO_ID),
            offset("bpf_map_info", "key_size", Layout.MAP_INFO_KEY_SIZE),
            offset("bpf_map_info", "value_size", Layout.MAP_INFO_VALUE_SIZE),
            offset("bpf_map_info", "max_entries", Layout.MAP_INFO_MAX_ENTRIES),
            offset("bpf_map_info", "map_flags", Layout.MAP_INFO_FLAGS),
            offset("bpf_map_create_opts", "sz", Layout.OPTS_SZ),
            offset("bpf_map_create_opts", "map_flags", Layout.MAP_CREATE_OPTS_FLAGS),
            holds("bpf_map_create_opts", Layout.MAP_CREATE_OPTS_SIZE),
            offset("bpf_prog_info", "type", Layout.PROG_INFO_TYPE),
            offset("bpf_prog_info", "nr_map_ids", Layout.PROG_INFO_NR_MAP_IDS),
            offset("bpf_prog_info", "map_ids", Layout.PROG_INFO_MAP_IDS),
            offset("bpf_prog_info", "id", Layout.PROG_INFO_ID),
            offset("bpf_prog_info", "name", Layout.PROG_INFO_NAME),
            new Fact("BPF_OBJ_NAME_LEN", Layout.OBJ_NAME_LEN),
            offset("bpf_link_info", "type", Layout.LINK_INFO_TYPE),
            offset("bpf_link_info", "prog_id", Layout.LINK_INFO_PROG_ID),
            offset("bpf_link_info", "xdp.ifindex", Layout.LINK_INFO_XDP_IFINDEX),
            offset("bpf_link_create_opts", "sz", Layout.OPTS_SZ),
            offset("bpf_link_create_opts", "flags", Layout.LINK_CREATE_OPTS_FLAGS),
            holds("bpf_link_create_opts", Layout.LINK_CREATE_OPTS_SIZE),
            offset("bpf_xdp_query_opts", "sz", Layout.OPTS_SZ),
            offset("bpf_xdp_query_opts", "drv_prog_id", Layout.XDP_QUERY_OPTS_DRV_PROG_ID),
            offset("bpf_xdp_query_opts", "hw_prog_id", Layout.XDP_QUERY_OPTS_HW_PROG_ID),
            offset("bpf_xdp_query_opts", "skb_prog_id", Layout.XDP_QUERY_OPTS_SKB_PROG_ID),
            holds("bpf_xdp_query_opts", Layout.XDP_QUERY_OPTS_SIZE),
            offset("bpf_test_run_opts", "sz", Layout.OPTS_SZ),
            offset("bpf_test_run_opts", "data_in", Layout.TEST_RUN_OPTS_DATA_IN),
            offset("bpf_test_run_opts", "data_out", Layout.TEST_RUN_OPTS_DATA_OUT),
            offset("bpf_test_run_opts", "data_size_in", Layout.TEST_RUN_OPTS_DATA_SIZE_IN),
            offset("bpf_test_run_opts", "data_size_out", Layout.TEST_RUN_OPTS_DATA_SIZE_OUT),
            offset("bpf_test_run_opts", "ctx_in", Layout.TEST_RUN_OPTS_CTX_IN),
            offset("bpf_test_run_opts", "ctx_size_in", Layout.TEST_RUN_OPTS_CTX_SIZE_IN),
            offset("bpf_test_run_opts", "retval", Layout.TEST_RUN_OPTS_RETVAL),
            offset("bpf_test_run_opts", "repeat", Layout.TEST_RUN_OPTS_REPEAT),
            offset("bpf_test_run_opts", "duration", Layout.TEST_RUN_OPTS_DURATION),
            holds("bpf_test_run_opts", Layout.TEST_RUN_OPTS_SIZE),
            offset("xdp_md", "data_end", Layout.XDP_MD_DATA_END),
            new Fact("sizeof(struct xdp_md)", Layout.XDP_MD_SIZE),
            offset("btf_type", "info", KernelTypes.BTF_TYPE_INFO),
            new Fact("sizeof(struct btf_type)", KernelTypes.BTF_TYPE_SIZE),
            new Fact("sizeof(struct btf_member)", KernelTypes.BTF_MEMBER_SIZE),
            offset("btf_member", "name_off", 0),
            new Fact("BTF_KIND_STRUCT", KernelTypes.BTF_KIND_STRUCT),
            new Fact("BTF_KIND_FUNC", KernelTypes.BTF_KIND_FUNC),
            new Fact("BPF_XDP", Bpf.BPF_XDP),
            new Fact("BPF_NOEXIST", Bpf.BPF_NOEXIST),
            new Fact("BPF_LINK_TYPE_XDP", Bpf.BPF_LINK_TYPE_XDP),
            new Fact("BPF_PROG_TYPE_EXT", DispatcherLibrary.PROG_TYPE_EXT),
            new Fact("BPF_MAP_TYPE_CPUMAP", Bpf.MAP_TYPE_CPUMAP),
            new Fact("XDP_FLAGS_SKB_MODE", XdpFlag.GENERIC.bits()),
            new Fact("XDP_FLAGS_DRV_MODE", XdpFlag.NATIVE.bits()));
}
