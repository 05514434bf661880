package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.bpf.jna.KernelTypes;
import java.util.List;

/**
 * What the running kernel can do for steering. Read from its BTF and tried; versions are never compared, because
 * distributions carry features back.
 *
 * @param saLookup XDP can look SAs up (kfunc bpf_xdp_get_xfrm_state); without it SAs are known by {@link SadMirror} only
 * @param saOwner SAs can name the CPU that owns them (XFRMA_SA_PCPU); without it known SAs are steered by a hash
 * @param saRecall XDP can ask an SA that it found before (casts of Linux 6.2); without it each packet is a search
 * @param cpuMap frames can be handed to another CPU; without it nothing can be steered
 */
public record Capabilities(boolean saLookup, boolean saOwner, boolean saRecall, boolean cpuMap) {
    private static final String LOOKUP = "bpf_xdp_get_xfrm_state";
    private static final List<String> CASTS = List.of("bpf_cast_to_kern_ctx", "bpf_rdonly_cast");
    private static final String RELEASE = "bpf_xdp_xfrm_state_release";

    /** Asks the running kernel. A kernel without BTF has no kfuncs either. */
    public static Capabilities probe() {
        boolean cpuMap = Bpf.hasCpuMap();
        try (var types = KernelTypes.read()) {
            return new Capabilities(
                    types.hasFunction(LOOKUP) && types.hasFunction(RELEASE),
                    types.hasMember("xfrm_state", "pcpu_num"),
                    CASTS.stream().allMatch(types::hasFunction),
                    cpuMap);
        } catch (BpfException e) {
            return new Capabilities(false, false, false, cpuMap);
        }
    }
}
