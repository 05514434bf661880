package io.ipsecxdp.xfrm;

import java.util.Locale;

/**
 * What the kernel takes for the identity of a policy: a second one with the same values is refused with EEXIST,
 * whatever its priority ({@code xfrm_policy_insert_list} in net/xfrm/xfrm_policy.c).
 *
 * @param interfaceId {@code XFRMA_IF_ID}, 0 for none
 * @param type MAIN for ours
 */
public record PolicyId(PolicyDir direction, XfrmSelector selector, XfrmMark mark, long interfaceId, Type type) {

    /** Sub policies are a second SPD, consulted beside the main one (Mobile IPv6). */
    public enum Type {
        MAIN,
        SUB
    }

    public PolicyId {
        Range.require("interface id", interfaceId, 0, Range.UNSIGNED_32);
    }

    /** An unmarked policy of the main SPD. */
    public static PolicyId of(PolicyDir direction, XfrmSelector selector) {
        return new PolicyId(direction, selector, XfrmMark.NONE, 0, Type.MAIN);
    }

    @Override
    public String toString() {
        String plain = "policy %s %s".formatted(direction.name().toLowerCase(Locale.ROOT), selector);
        return mark.equals(XfrmMark.NONE) ? plain : plain + " mark " + mark;
    }
}
