package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfException;
import io.ipsecxdp.bpf.jna.KernelTypes;

/**
 * What the running kernel can do for steering. Read from its BTF and tried; versions are never compared, because
 * distributions carry features back.
 *
 * @param saLookup XDP can look SAs up (kfunc bpf_xdp_get_xfrm_state); without it all ESP is steered by a hash of the SPI
 * @param saOwner SAs can name the CPU that owns them (XFRMA_SA_PCPU); without it known SAs are steered by a hash
 * @param cpuMap frames can be handed to another CPU; without it nothing can be steered
 */
public record Capabilities(boolean saLookup, boolean saOwner, boolean cpuMap) {
    private static final String LOOKUP = "bpf_xdp_get_xfrm_state";
    private static final String RELEASE = "bpf_xdp_xfrm_state_release";

    /** Asks the running kernel. A kernel without BTF has no kfuncs either. */
    public static Capabilities probe() {
        boolean cpuMap = Bpf.hasCpuMap();
        try (var types = KernelTypes.read()) {
            return new Capabilities(
                    types.hasFunction(LOOKUP) && types.hasFunction(RELEASE),
                    types.hasMember("xfrm_state", "pcpu_num"),
                    cpuMap);
        } catch (BpfException e) {
            return new Capabilities(false, false, cpuMap);
        }
    }
}
