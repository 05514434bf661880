package io.ipsecxdp.operator.compile;

/** A plan leaves out what is as it is by default: what an older operator planned stays as it is, byte for byte. */
final class NullIfDefault {
    private NullIfDefault() {}

    static Boolean ifFalse(Boolean value) {
        return ifEqual(value, false);
    }

    static <T> T ifEqual(T value, T common) {
        return common.equals(value) ? null : value;
    }
}
