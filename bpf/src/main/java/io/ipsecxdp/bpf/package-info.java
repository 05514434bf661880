/**
 * Brings each ESP packet to the CPU that owns its SA. {@link io.ipsecxdp.bpf.Capabilities} says what the kernel can do,
 * {@link io.ipsecxdp.bpf.Steerings} steers interfaces and finds what was left pinned, {@link io.ipsecxdp.bpf.Steering} is
 * one of them, {@link io.ipsecxdp.bpf.Outcome} what becomes of a frame. Expected refusals are values; a {@link
 * io.ipsecxdp.bpf.jna.BpfException} is a call that should not have failed. Needs root, or CAP_NET_ADMIN, CAP_BPF and
 * CAP_PERFMON, and libbpf.so.1; {@link io.ipsecxdp.bpf.Dispatchers} to share an interface also CAP_SYS_ADMIN and
 * libxdp.so.1.
 */
package io.ipsecxdp.bpf;
