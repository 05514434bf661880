package io.ipsecxdp.xfrm;

/**
 * One property in which the kernel's entry is not what was wanted.
 *
 * @param property such as {@code "reqid"}
 */
public record Difference(String property, String wanted, String found) {

    @Override
    public String toString() {
        return "%s is %s and should be %s".formatted(property, found, wanted);
    }
}
