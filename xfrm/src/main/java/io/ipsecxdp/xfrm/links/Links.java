package io.ipsecxdp.xfrm.links;

import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.linux.NetlinkSocket;
import io.ipsecxdp.linux.SystemCallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The interfaces of the network namespace of the thread that asks, over rtnetlink. Java's own list lacks those without
 * an address, and /sys shows those of the namespace in which it was mounted.
 */
public final class Links implements AutoCloseable {

    private static final int NETLINK_ROUTE = 0;

    /** {@code RTNLGRP_LINK}, {@code RTNLGRP_IPV4_ROUTE} and {@code RTNLGRP_IPV6_ROUTE} of linux/rtnetlink.h. */
    private static final int[] GROUPS = {1, 7, 11};

    private static final int RTM_NEWLINK = 16;
    private static final int RTM_GETLINK = 18;
    private static final int RTM_NEWROUTE = 24;
    private static final int RTM_DELROUTE = 25;
    private static final int RTM_GETROUTE = 26;
    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int NLM_F_REQUEST_DUMP = 0x301;

    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_LINK = 5;
    private static final int IFLA_MASTER = 10;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_LINK_NETNSID = 37;
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int IFLA_BR_VLAN_FILTERING = 7;

    private static final int RTA_OIF = 4;
    private static final int RTA_MULTIPATH = 9;
    private static final int RT_TABLE_MAIN = 254;
    private static final int RTN_UNICAST = 1;

    private static final int NLA_TYPE_MASK = 0x3fff;

    /** {@code struct nlmsghdr}, then {@code struct ifinfomsg} or {@code struct rtmsg}, then attributes. */
    private static final int HEADER_SIZE = 16;

    private static final int TYPE_OFFSET = 4;
    private static final int FLAGS_OFFSET = 6;
    private static final int SEQUENCE_OFFSET = 8;

    private static final int HARDWARE_OFFSET = HEADER_SIZE + 2;
    private static final int INDEX_OFFSET = HEADER_SIZE + 4;
    private static final int LINK_ATTRIBUTES = HEADER_SIZE + 16;

    private static final int DESTINATION_LENGTH_OFFSET = HEADER_SIZE + 1;
    private static final int TABLE_OFFSET = HEADER_SIZE + 4;
    private static final int ROUTE_TYPE_OFFSET = HEADER_SIZE + 7;
    private static final int ROUTE_ATTRIBUTES = HEADER_SIZE + 12;

    /** {@code struct rtnexthop} of linux/rtnetlink.h. */
    private static final int NEXT_HOP_SIZE = 8;

    private static final int NEXT_HOP_INDEX_OFFSET = 4;

    private static final int ATTRIBUTE_HEADER_SIZE = 4;

    /** The kernel fills up to 32 KiB of a dump into one datagram ({@code netlink_recvmsg}). */
    private static final int BUFFER_SIZE = 64 * 1024;

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration FOR_EVER = Duration.ofMillis(-1);

    private final NetlinkSocket changes;
    private final ByteBuffer change = ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());

    private Links(NetlinkSocket changes) {
        this.changes = changes;
    }

    /** Begins to listen for changes. */
    public static Links listen() {
        NetlinkSocket socket = NetlinkSocket.open(NETLINK_ROUTE);
        try {
            for (int group : GROUPS) {
                socket.join(group);
            }
            return new Links(socket);
        } catch (SystemCallException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Waits until an interface or a default route came, went or changed. Blocks its platform thread.
     *
     * @return false if this was closed
     */
    public boolean awaitChange() {
        try {
            while (true) {
                OptionalInt length = changes.receive(change, FOR_EVER);
                if (length.isEmpty()) {
                    return false;
                }
                // Routes come and go with each pod, and a router has a million of them
                if (length.getAsInt() > BUFFER_SIZE || !isAboutOtherRoutes(change, length.getAsInt())) {
                    return true;
                }
            }
        } catch (SystemCallException e) {
            if (e.errno() == Errno.ENOBUFS.number()) {
                // There were too many changes to hold: that is one too
                return true;
            }
            throw e;
        }
    }

    /** All interfaces, by name. */
    public static Map<String, Link> list() {
        Map<String, Link> links = new TreeMap<>();
        dump(RTM_GETLINK, LINK_ATTRIBUTES, (buffer, at, end) -> {
            if (buffer.getShort(at + TYPE_OFFSET) == RTM_NEWLINK && end - at >= LINK_ATTRIBUTES) {
                link(buffer, at, end).ifPresent(link -> links.put(link.device().name(), link));
            }
        });
        return links;
    }

    /** Indexes of the interfaces through which default routes of the main table lead, of both families. */
    public static Set<Integer> ofDefaultRoutes() {
        Set<Integer> indexes = new TreeSet<>();
        dump(RTM_GETROUTE, ROUTE_ATTRIBUTES, (buffer, at, end) -> {
            if (buffer.getShort(at + TYPE_OFFSET) == RTM_NEWROUTE
                    && end - at >= ROUTE_ATTRIBUTES
                    && buffer.get(at + DESTINATION_LENGTH_OFFSET) == 0
                    && Byte.toUnsignedInt(buffer.get(at + TABLE_OFFSET)) == RT_TABLE_MAIN
                    && buffer.get(at + ROUTE_TYPE_OFFSET) == RTN_UNICAST) {
                indexes.addAll(ways(buffer, at + ROUTE_ATTRIBUTES, end));
            }
        });
        return indexes;
    }

    @Override
    public void close() {
        changes.close();
    }

    interface MessageReader {
        /** @param at where the message begins */
        void read(ByteBuffer buffer, int at, int end);
    }

    interface AttributeReader {
        /** @param from where the value begins */
        void read(int type, int from, int end);
    }

    private static void dump(int type, int length, MessageReader reader) {
        try (NetlinkSocket socket = NetlinkSocket.open(NETLINK_ROUTE)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());
            buffer.putInt(0, length);
            buffer.putShort(TYPE_OFFSET, (short) type);
            buffer.putShort(FLAGS_OFFSET, (short) NLM_F_REQUEST_DUMP);
            buffer.putInt(SEQUENCE_OFFSET, 1);
            socket.send(buffer, length);
            boolean more = true;
            while (more) {
                OptionalInt received = socket.receive(buffer, PATIENCE);
                more = received.isPresent() && take(buffer, Math.min(received.getAsInt(), BUFFER_SIZE), reader);
            }
        }
    }

    static boolean take(ByteBuffer buffer, int length, MessageReader reader) {
        int at = 0;
        while (length - at >= HEADER_SIZE) {
            int size = buffer.getInt(at);
            int type = buffer.getShort(at + TYPE_OFFSET);
            if (type == NLMSG_DONE || type == NLMSG_ERROR || size < HEADER_SIZE || size > length - at) {
                return false;
            }
            reader.read(buffer, at, at + size);
            at += align(size);
        }
        return true;
    }

    private static boolean isAboutOtherRoutes(ByteBuffer buffer, int length) {
        boolean[] otherRoutesOnly = {true};
        take(buffer, length, (message, at, end) -> {
            int type = message.getShort(at + TYPE_OFFSET);
            boolean route = (type == RTM_NEWROUTE || type == RTM_DELROUTE) && end - at >= ROUTE_ATTRIBUTES;
            otherRoutesOnly[0] &= route && message.get(at + DESTINATION_LENGTH_OFFSET) != 0;
        });
        return otherRoutesOnly[0];
    }

    static Optional<Link> link(ByteBuffer buffer, int at, int end) {
        Map<Integer, Integer> numbers = new HashMap<>();
        StringBuilder name = new StringBuilder();
        StringBuilder kind = new StringBuilder();
        Map<Integer, Byte> ofKind = new HashMap<>();
        attributes(buffer, at + LINK_ATTRIBUTES, end, (type, from, to) -> {
            switch (type) {
                case IFLA_IFNAME -> name.append(text(buffer, from, to));
                case IFLA_LINK, IFLA_MASTER, IFLA_LINK_NETNSID -> numbers.put(type, buffer.getInt(from));
                case IFLA_LINKINFO ->
                    attributes(buffer, from, to, (inner, start, stop) -> {
                        if (inner == IFLA_INFO_KIND) {
                            kind.append(text(buffer, start, stop));
                        } else if (inner == IFLA_INFO_DATA) {
                            attributes(buffer, start, stop, (own, first, last) -> {
                                if (last > first) {
                                    ofKind.put(own, buffer.get(first));
                                }
                            });
                        }
                    });
                default -> {}
            }
        });
        if (name.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Link(
                new NetDevice(name.toString(), buffer.getInt(at + INDEX_OFFSET)),
                Short.toUnsignedInt(buffer.getShort(at + HARDWARE_OFFSET)),
                kind.toString(),
                index(numbers, IFLA_LINK),
                index(numbers, IFLA_MASTER),
                numbers.containsKey(IFLA_LINK_NETNSID),
                kind.toString().equals("bridge") && ofKind.getOrDefault(IFLA_BR_VLAN_FILTERING, (byte) 0) != 0));
    }

    /** Of a veth without a peer and the like it is 0. */
    private static OptionalInt index(Map<Integer, Integer> numbers, int attribute) {
        int index = numbers.getOrDefault(attribute, 0);
        return index > 0 ? OptionalInt.of(index) : OptionalInt.empty();
    }

    /** A route with several next hops has a list of them in place of the one interface. */
    private static Set<Integer> ways(ByteBuffer buffer, int from, int end) {
        Set<Integer> indexes = new TreeSet<>();
        attributes(buffer, from, end, (type, start, stop) -> {
            if (type == RTA_OIF) {
                indexes.add(buffer.getInt(start));
            } else if (type == RTA_MULTIPATH) {
                int at = start;
                while (stop - at >= NEXT_HOP_SIZE) {
                    int size = Short.toUnsignedInt(buffer.getShort(at));
                    if (size < NEXT_HOP_SIZE) {
                        return;
                    }
                    indexes.add(buffer.getInt(at + NEXT_HOP_INDEX_OFFSET));
                    at += align(size);
                }
            }
        });
        return indexes;
    }

    static void attributes(ByteBuffer buffer, int from, int to, AttributeReader reader) {
        int at = from;
        while (to - at >= ATTRIBUTE_HEADER_SIZE) {
            int size = Short.toUnsignedInt(buffer.getShort(at));
            if (size < ATTRIBUTE_HEADER_SIZE || size > to - at) {
                return;
            }
            reader.read(buffer.getShort(at + 2) & NLA_TYPE_MASK, at + ATTRIBUTE_HEADER_SIZE, at + size);
            at += align(size);
        }
    }

    /** Without the zero byte that may be at its end. */
    private static String text(ByteBuffer buffer, int from, int to) {
        int length = to - from;
        if (length > 0 && buffer.get(to - 1) == 0) {
            length--;
        }
        byte[] bytes = new byte[length];
        buffer.get(from, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static int align(int size) {
        return size + 3 & ~3;
    }
}
