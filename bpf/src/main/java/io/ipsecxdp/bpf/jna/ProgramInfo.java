package io.ipsecxdp.bpf.jna;

/** What the kernel says of a program (struct bpf_prog_info). The name has at most 15 characters and may be empty. */
public record ProgramInfo(int id, String name) {}
