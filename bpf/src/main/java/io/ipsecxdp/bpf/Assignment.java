package io.ipsecxdp.bpf;

/** How the CPU of a known SA is found, if the policy does not fix it. */
public enum Assignment {
    /** The CPU that owns the SA; SAs without an owner by the table. */
    OWNER,
    /** All SAs by the table, whoever owns them. */
    HASH
}
