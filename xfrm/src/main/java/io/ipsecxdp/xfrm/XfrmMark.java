package io.ipsecxdp.xfrm;

/**
 * The firewall mark that belongs to the identity of an SA or a policy ({@code struct xfrm_mark}).
 *
 * @param value 32 bits
 * @param mask 32 bits
 */
public record XfrmMark(int value, int mask) {

    /** No mark: what the kernel assumes when none is given. */
    public static final XfrmMark NONE = new XfrmMark(0, 0);

    /** Whether the kernel takes an entry with this mark for one that has the other. */
    public boolean takesIn(XfrmMark other) {
        return (other.value & other.mask & mask) == value;
    }

    @Override
    public String toString() {
        return "0x%x/0x%x".formatted(value, mask);
    }
}
