package io.ipsecxdp.xfrm;

import java.util.Set;

/** A flag of a policy: {@code XFRM_POLICY_*} of linux/xfrm.h. */
public enum PolicyFlag {
    /** A socket may override it with a policy of its own. */
    LOCAL_OK(1),
    /** Takes ICMP errors whose quoted packet it would take. */
    ICMP(2),
    /** An ACQUIRE of it names the CPU that wants an SA (RFC 9611, Linux 6.13). */
    PER_CPU_ACQUIRE(4);

    private final int bit;

    PolicyFlag(int bit) {
        this.bit = bit;
    }

    public static int bits(Set<PolicyFlag> flags) {
        return flags.stream().mapToInt(flag -> flag.bit).sum();
    }
}
