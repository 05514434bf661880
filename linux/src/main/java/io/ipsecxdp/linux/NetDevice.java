package io.ipsecxdp.linux;

import java.util.Optional;

/**
 * A network interface of the calling thread's network namespace.
 *
 * @param name as `ip link` shows it
 * @param index above 0
 */
public record NetDevice(String name, int index) {
    public NetDevice {
        if (!isName(name)) {
            throw new IllegalArgumentException("not an interface name: " + name);
        }
        if (index <= 0) {
            throw new IllegalArgumentException("not an interface index: " + index);
        }
    }

    /** Whether the kernel takes it for a name ({@code dev_valid_name} in net/core/dev.c). */
    public static boolean isName(String text) {
        return !text.isEmpty()
                && !text.equals(".")
                && !text.equals("..")
                && text.chars()
                        .noneMatch(
                                character -> character == '/' || character == ':' || Character.isWhitespace(character));
    }

    /** Looks the name up; java.net.NetworkInterface would not find an interface without an address. */
    public static Optional<NetDevice> find(String name) {
        int index = LibC.if_nametoindex(name);
        return index == 0 ? Optional.empty() : Optional.of(new NetDevice(name, index));
    }
}
