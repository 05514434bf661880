package io.ipsecxdp.crds;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Ports that the kernel can compare with one mask ({@code struct xfrm_selector}, sport and sport_mask): a power of two of
 * them, beginning at a multiple of their number.
 */
public record PortRange(int first, int last) {
    private static final int ALL_BITS = 0xffff;
    private static final Pattern TEXT = Pattern.compile("(0|[1-9][0-9]{0,4})(?:-(0|[1-9][0-9]{0,4}))?");

    /** @throws IllegalArgumentException with the ranges that can be */
    public PortRange {
        if (first < 0 || last > ALL_BITS || first > last) {
            throw new IllegalArgumentException(
                    "ports are 0 to 65535, the lower one first, not %d-%d".formatted(first, last));
        }
        int size = last - first + 1;
        if (Integer.bitCount(size) != 1 || first % size != 0) {
            throw new IllegalArgumentException(
                    "the kernel compares ports by a mask, so a range must have a power of two of ports and begin at a multiple of it, as 8000-8063 does; %d-%d does not"
                            .formatted(first, last));
        }
    }

    public static PortRange only(int port) {
        return new PortRange(port, port);
    }

    /**
     * The ports of {@code text}: a port, or the first and the last with a hyphen between. Empty if it is neither.
     *
     * @throws IllegalArgumentException with the ranges that can be
     */
    public static Optional<PortRange> parse(String text) {
        var matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int first = Integer.parseInt(matcher.group(1));
        int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
        return Optional.of(new PortRange(first, last));
    }

    /** The bits of a port that the kernel compares with those of {@link #first}. */
    public int mask() {
        return ALL_BITS & -(last - first + 1);
    }

    @Override
    public String toString() {
        return first == last ? Integer.toString(first) : first + "-" + last;
    }
}
