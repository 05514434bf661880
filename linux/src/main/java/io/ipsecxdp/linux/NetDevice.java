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
        if (name.isEmpty() || name.contains("/") || name.contains(":") || name.equals(".") || name.equals("..")) {
            throw new IllegalArgumentException("not an interface name: " + name);
        }
        if (index <= 0) {
            throw new IllegalArgumentException("not an interface index: " + index);
        }
    }

    /** Looks the name up; java.net.NetworkInterface would not find an interface without an address. */
    public static Optional<NetDevice> find(String name) {
        int index = LibC.if_nametoindex(name);
        return index == 0 ? Optional.empty() : Optional.of(new NetDevice(name, index));
    }
}
