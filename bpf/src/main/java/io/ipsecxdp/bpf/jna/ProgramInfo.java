package io.ipsecxdp.bpf.jna;

import java.util.Set;

/**
 * What the kernel says of a program (struct bpf_prog_info).
 *
 * @param type enum bpf_prog_type
 * @param name at most 15 characters, may be empty
 * @param maps ids of the maps that it uses
 */
public record ProgramInfo(int type, int id, String name, Set<Integer> maps) {
    public ProgramInfo {
        maps = Set.copyOf(maps);
    }
}
