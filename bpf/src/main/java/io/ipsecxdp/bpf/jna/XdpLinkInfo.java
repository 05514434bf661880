package io.ipsecxdp.bpf.jna;

/** What the kernel says of an XDP link (struct bpf_link_info). The ifindex is 0 when the interface is gone or the link was detached. */
public record XdpLinkInfo(int programId, int ifindex) {}
