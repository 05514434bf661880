package io.ipsecxdp.xfrm;

import java.util.List;

/**
 * A whole table of the kernel.
 *
 * @param entries in the kernel's order, of whatever origin
 * @param unreadable what is there beside them and could not be read. None of it is ours, as we read what we write
 */
public record Dump<T>(List<T> entries, List<Unreadable> unreadable) {

    /**
     * An entry that could not be read, and costs nothing but itself.
     *
     * @param entry what it is, by its identity if that could be read
     * @param why what makes no sense in it
     */
    public record Unreadable(String entry, String why) {}

    public Dump {
        entries = List.copyOf(entries);
        unreadable = List.copyOf(unreadable);
    }
}
