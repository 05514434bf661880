package io.ipsecxdp.crds;

/**
 * What is done where an offload would take the VLAN tag out of a frame before XDP sees it. Such a tag does not survive
 * the way to another CPU (kernel/bpf/cpumap.c, __xdp_build_skb_from_frame, makes the packet from the frame alone): the
 * packet would arrive untagged on the interface below the VLAN.
 */
public enum VlanOffload {
    /** The interface is not steered as long as it is so. */
    DontSteer,
    /** The offload is switched off, and stays off. */
    SwitchOff
}
