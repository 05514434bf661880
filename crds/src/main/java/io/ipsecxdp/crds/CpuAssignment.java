package io.ipsecxdp.crds;

/** How the CPU of an SA is found. */
public enum CpuAssignment {
    /** The CPU that owns the SA; a hash of the SPI for those without an owner. */
    Owner,
    /** A hash of the SPI, whoever owns the SA. */
    Hash,
    /** The CPU that the policy names for the SPI; for the other SPIs as Owner. */
    Fixed,
    /** As Owner; SAs without an owner are moved, a few at a time, from a hot CPU to an idle one. */
    Adaptive
}
