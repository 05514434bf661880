package io.ipsecxdp.xfrm;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** A flag of an SA: {@code XFRM_STATE_*} and {@code XFRM_SA_XFLAG_*} of linux/xfrm.h. */
public enum SaFlag {
    /** The outer header takes no ECN bits over, and gives none back. */
    NO_ECN(1),
    /** Inbound: the inner header gets the DSCP of the outer one. */
    DECAP_DSCP(2),
    /** Outbound: the outer header allows fragmentation, and the path's MTU is not looked for. */
    NO_PATH_MTU_DISCOVERY(4),
    /** Takes packets to any local address (Mobile IPv6). */
    WILD_RECEIVE(8),
    /** Inbound: takes ICMP errors about packets that it would have protected. */
    ICMP(16),
    /** An IPv4 tunnel may carry IPv6, and the other way round. */
    ANY_INNER_FAMILY(32),
    /** AH over IPv4 fills its header up to a multiple of 4 bytes (RFC 4302 section 3.3.3.2.1), not of 8. */
    ALIGN_TO_4(64),
    /** 64-bit sequence numbers (RFC 4303 section 2.2.1). */
    ESN(128),
    /** Outbound: the outer header does not get the DSCP of the inner one. */
    DONT_ENCAP_DSCP(1 << 8),
    /** Outbound: the sequence number begins anew after its last value. */
    SEQUENCE_MAY_WRAP(2 << 8);

    private static final int BITS = 10;

    /** All that can be, made once, as thousands of SAs are read in one go. */
    private static final List<Set<SaFlag>> SETS =
            IntStream.range(0, 1 << BITS).mapToObj(SaFlag::having).toList();

    private final int bit;

    SaFlag(int bit) {
        this.bit = bit;
    }

    /**
     * @param flags {@code XFRM_STATE_*}
     * @param extraFlags {@code XFRM_SA_XFLAG_*}; bits that are not known here are ignored
     */
    public static Set<SaFlag> of(int flags, int extraFlags) {
        return SETS.get((flags & 0xff | extraFlags << 8) & (1 << BITS) - 1);
    }

    /** One value for all SAs that have these flags. */
    public static Set<SaFlag> of(Set<SaFlag> flags) {
        return SETS.get(bits(flags));
    }

    /** Whether there are bits among these {@code XFRM_SA_XFLAG_*} that have no name here. */
    public static boolean areKnown(int extraFlags) {
        return extraFlags >>> BITS - 8 == 0;
    }

    /** {@code XFRM_STATE_*} bits. */
    public static int flags(Set<SaFlag> flags) {
        return bits(flags) & 0xff;
    }

    /** {@code XFRM_SA_XFLAG_*} bits. */
    public static int extraFlags(Set<SaFlag> flags) {
        return bits(flags) >>> 8;
    }

    private static int bits(Set<SaFlag> flags) {
        int bits = 0;
        for (SaFlag flag : flags) {
            bits |= flag.bit;
        }
        return bits;
    }

    private static Set<SaFlag> having(int bits) {
        EnumSet<SaFlag> flags = EnumSet.noneOf(SaFlag.class);
        Arrays.stream(values()).filter(flag -> (flag.bit & bits) != 0).forEach(flags::add);
        return Collections.unmodifiableSet(flags);
    }
}
