package io.ipsecxdp.crds;

/** Which NUMA node's CPUs an interface is steered to. */
public enum NumaPreference {
    /** Wherever the CPUs are. */
    Any,
    /** Those of the interface's own NUMA node, as far as the policy allows any of them. */
    Local
}
