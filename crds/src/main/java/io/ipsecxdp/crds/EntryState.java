package io.ipsecxdp.crds;

/** What an agent says of an entry of its plan. */
public enum EntryState {
    /** In force: read back from the kernel. */
    Installed,
    /** Not yet in force; being worked on. Or no longer planned, and the kernel still has it. */
    Pending,
    /** Not in force; reason and message say why. */
    Failed
}
