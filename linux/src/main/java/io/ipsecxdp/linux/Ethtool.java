package io.ipsecxdp.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What {@code ethtool -k} and {@code -K} do, by ioctl (linux/ethtool.h), for interfaces of the calling thread's network
 * namespace. Everything throws {@link SystemCallException}.
 */
public final class Ethtool {

    private static final long SIOCETHTOOL = 0x8946;

    private static final int ETHTOOL_GSTRINGS = 0x1b;
    private static final int ETHTOOL_GSSET_INFO = 0x37;
    private static final int ETHTOOL_GFEATURES = 0x3a;
    private static final int ETHTOOL_SFEATURES = 0x3b;
    private static final int ETH_SS_FEATURES = 4;

    /** {@code struct ifreq} of linux/if.h: the name, then a pointer to the request. */
    private static final class Request {
        static final int NAME_SIZE = 16;
        static final int DATA = 16;
        static final int SIZE = 40;
    }

    /** {@code struct ethtool_sset_info}. */
    private static final class SetInfo {
        static final int MASK = 8;
        static final int COUNT = 16;
        static final int SIZE = 20;
    }

    /** {@code struct ethtool_gstrings}. */
    private static final class Strings {
        static final int SET = 4;
        static final int COUNT = 8;
        static final int FIRST = 12;
        static final int LENGTH = 32;
    }

    /** {@code struct ethtool_gfeatures} and {@code struct ethtool_sfeatures}: blocks of 32 features each. */
    private static final class Features {
        static final int BLOCKS = 4;
        static final int FIRST = 8;
        static final int READ_BLOCK = 16;
        static final int ACTIVE = 8;
        static final int WRITE_BLOCK = 8;
        static final int REQUESTED = 4;
    }

    private Ethtool() {}

    /** The features of an interface that are on, by the kernel's names (net/ethtool/common.c). */
    public static SortedSet<String> activeFeatures(String interfaceName) {
        return withSocket(socket -> {
            List<String> names = names(socket, interfaceName);
            int blocks = blocks(names.size());
            SortedSet<String> active = new TreeSet<>();
            try (Memory features = new Memory(Features.FIRST + (long) blocks * Features.READ_BLOCK)) {
                features.clear();
                features.setInt(0, ETHTOOL_GFEATURES);
                features.setInt(Features.BLOCKS, blocks);
                call(socket, interfaceName, features);
                for (int bit = 0; bit < names.size(); bit++) {
                    int block = features.getInt(
                            Features.FIRST + (long) bit / Integer.SIZE * Features.READ_BLOCK + Features.ACTIVE);
                    if ((block >>> bit % Integer.SIZE & 1) == 1) {
                        active.add(names.get(bit));
                    }
                }
            }
            return active;
        });
    }

    /** Switches features off. The driver may refuse without an error: read back. */
    public static void switchOff(String interfaceName, Collection<String> features) {
        withSocket(socket -> {
            List<String> names = names(socket, interfaceName);
            int blocks = blocks(names.size());
            try (Memory change = new Memory(Features.FIRST + (long) blocks * Features.WRITE_BLOCK)) {
                change.clear();
                change.setInt(0, ETHTOOL_SFEATURES);
                change.setInt(Features.BLOCKS, blocks);
                for (int bit = 0; bit < names.size(); bit++) {
                    if (features.contains(names.get(bit))) {
                        long valid = Features.FIRST + (long) bit / Integer.SIZE * Features.WRITE_BLOCK;
                        change.setInt(valid, change.getInt(valid) | 1 << bit % Integer.SIZE);
                        change.setInt(valid + Features.REQUESTED, 0);
                    }
                }
                return call(socket, interfaceName, change);
            }
        });
    }

    private interface Talk<T> {
        T with(int socket);
    }

    private static <T> T withSocket(Talk<T> talk) {
        int socket = LibC.socket(LibC.AF_INET, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);
        if (socket < 0) {
            throw new SystemCallException("socket", Native.getLastError());
        }
        try {
            return talk.with(socket);
        } finally {
            LibC.close(socket);
        }
    }

    private static List<String> names(int socket, String interfaceName) {
        int count;
        try (Memory info = new Memory(SetInfo.SIZE)) {
            info.clear();
            info.setInt(0, ETHTOOL_GSSET_INFO);
            info.setLong(SetInfo.MASK, 1L << ETH_SS_FEATURES);
            call(socket, interfaceName, info);
            count = info.getInt(SetInfo.COUNT);
        }
        List<String> names = new ArrayList<>();
        try (Memory strings = new Memory(Strings.FIRST + (long) count * Strings.LENGTH)) {
            strings.clear();
            strings.setInt(0, ETHTOOL_GSTRINGS);
            strings.setInt(Strings.SET, ETH_SS_FEATURES);
            strings.setInt(Strings.COUNT, count);
            call(socket, interfaceName, strings);
            for (int i = 0; i < count; i++) {
                names.add(
                        strings.getString(Strings.FIRST + (long) i * Strings.LENGTH, StandardCharsets.US_ASCII.name()));
            }
        }
        return names;
    }

    private static int blocks(int features) {
        return (features + Integer.SIZE - 1) / Integer.SIZE;
    }

    private static int call(int socket, String interfaceName, Memory command) {
        byte[] name = interfaceName.getBytes(StandardCharsets.UTF_8);
        if (name.length >= Request.NAME_SIZE) {
            throw new IllegalArgumentException("not an interface name: " + interfaceName);
        }
        try (Memory request = new Memory(Request.SIZE)) {
            request.clear();
            request.write(0, name, 0, name.length);
            request.setPointer(Request.DATA, command);
            int result = LibC.ioctl(socket, SIOCETHTOOL, request);
            if (result < 0) {
                throw new SystemCallException("ioctl", Native.getLastError());
            }
            return result;
        }
    }
}
