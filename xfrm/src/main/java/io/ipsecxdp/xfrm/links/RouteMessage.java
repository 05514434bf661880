package io.ipsecxdp.xfrm.links;

import io.ipsecxdp.linux.NetDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * A message of rtnetlink: {@code struct nlmsghdr}, then {@code struct ifinfomsg} or {@code struct rtmsg}, then attributes.
 * Whatever its bytes are, reading it gives something or nothing.
 *
 * @param bytes from the header on, in the machine's order; valid as long as the buffer is left alone
 */
record RouteMessage(ByteBuffer bytes) {

    static final int RTM_NEWLINK = 16;
    static final int RTM_GETLINK = 18;
    static final int RTM_NEWROUTE = 24;
    static final int RTM_DELROUTE = 25;
    static final int RTM_GETROUTE = 26;
    static final int NLMSG_ERROR = 2;
    static final int NLMSG_DONE = 3;
    static final int NLM_F_REQUEST_DUMP = 0x301;
    static final int NLM_F_DUMP_INTR = 0x10;

    static final int HEADER_SIZE = 16;
    static final int TYPE_OFFSET = 4;
    static final int FLAGS_OFFSET = 6;
    static final int SEQUENCE_OFFSET = 8;

    /** Sizes up to the first attribute. */
    static final int LINK_SIZE = HEADER_SIZE + 16;

    static final int ROUTE_SIZE = HEADER_SIZE + 12;

    private static final int HARDWARE_OFFSET = HEADER_SIZE + 2;
    private static final int INDEX_OFFSET = HEADER_SIZE + 4;
    static final int DESTINATION_LENGTH_OFFSET = HEADER_SIZE + 1;
    private static final int TABLE_OFFSET = HEADER_SIZE + 4;
    private static final int ROUTE_TYPE_OFFSET = HEADER_SIZE + 7;

    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_MTU = 4;
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
    static final int ATTRIBUTE_HEADER_SIZE = 4;

    /** {@code struct rtnexthop} of linux/rtnetlink.h. */
    private static final int NEXT_HOP_SIZE = 8;

    private static final int NEXT_HOP_INDEX_OFFSET = 4;

    interface AttributeReader {
        void read(int type, ByteBuffer value);
    }

    /** The messages of one datagram; empty if their lengths do not add up. */
    static Optional<List<RouteMessage>> in(ByteBuffer datagram, int length) {
        List<RouteMessage> messages = new ArrayList<>();
        int at = 0;
        while (at < length) {
            int size = length - at < HEADER_SIZE
                    ? 0
                    : ordered(datagram, at, Integer.BYTES).getInt(0);
            if (size < HEADER_SIZE || size > length - at) {
                return Optional.empty();
            }
            messages.add(new RouteMessage(ordered(datagram, at, size)));
            at += align(size);
        }
        return Optional.of(messages);
    }

    int type() {
        return Short.toUnsignedInt(bytes.getShort(TYPE_OFFSET));
    }

    int sequence() {
        return bytes.getInt(SEQUENCE_OFFSET);
    }

    /** Whether the kernel says that what it dumps changed meanwhile. */
    boolean dumpInterrupted() {
        return (bytes.getShort(FLAGS_OFFSET) & NLM_F_DUMP_INTR) != 0;
    }

    /** Of the message that ends a dump or refuses it: a positive error number, or empty if all went well. */
    OptionalInt error() {
        int error = bytes.capacity() >= HEADER_SIZE + Integer.BYTES ? bytes.getInt(HEADER_SIZE) : 0;
        return error < 0 ? OptionalInt.of(-error) : OptionalInt.empty();
    }

    /** The interface that it tells of, if it does. */
    Optional<Link> link() {
        if (type() != RTM_NEWLINK || bytes.capacity() < LINK_SIZE) {
            return Optional.empty();
        }
        Map<Integer, Integer> numbers = new HashMap<>();
        StringBuilder name = new StringBuilder();
        StringBuilder kind = new StringBuilder();
        Map<Integer, Byte> ofKind = new HashMap<>();
        attributes(bytes, LINK_SIZE, (type, value) -> {
            switch (type) {
                case IFLA_IFNAME -> name.append(text(value));
                case IFLA_MTU, IFLA_LINK, IFLA_MASTER, IFLA_LINK_NETNSID ->
                    number(value).ifPresent(number -> numbers.put(type, number));
                case IFLA_LINKINFO ->
                    attributes(value, 0, (inner, info) -> {
                        if (inner == IFLA_INFO_KIND) {
                            kind.append(text(info));
                        } else if (inner == IFLA_INFO_DATA) {
                            attributes(info, 0, (own, data) -> {
                                if (data.capacity() > 0) {
                                    ofKind.put(own, data.get(0));
                                }
                            });
                        }
                    });
                default -> {}
            }
        });
        int index = bytes.getInt(INDEX_OFFSET);
        if (!NetDevice.isName(name.toString()) || index <= 0) {
            return Optional.empty();
        }
        return Optional.of(new Link(
                new NetDevice(name.toString(), index),
                Short.toUnsignedInt(bytes.getShort(HARDWARE_OFFSET)),
                kind.toString(),
                index(numbers, IFLA_LINK),
                index(numbers, IFLA_MASTER),
                numbers.containsKey(IFLA_LINK_NETNSID),
                kind.toString().equals("bridge") && ofKind.getOrDefault(IFLA_BR_VLAN_FILTERING, (byte) 0) != 0,
                numbers.getOrDefault(IFLA_MTU, 0)));
    }

    /** Where a default route of the main table leads, if it tells of one. */
    Optional<Set<Integer>> defaultRoute() {
        boolean isOne = type() == RTM_NEWROUTE
                && bytes.capacity() >= ROUTE_SIZE
                && bytes.get(DESTINATION_LENGTH_OFFSET) == 0
                && Byte.toUnsignedInt(bytes.get(TABLE_OFFSET)) == RT_TABLE_MAIN
                && bytes.get(ROUTE_TYPE_OFFSET) == RTN_UNICAST;
        return isOne ? Optional.of(ways()) : Optional.empty();
    }

    boolean isAboutAnotherRoute() {
        return (type() == RTM_NEWROUTE || type() == RTM_DELROUTE)
                && bytes.capacity() >= ROUTE_SIZE
                && bytes.get(DESTINATION_LENGTH_OFFSET) != 0;
    }

    /** A route with several next hops has a list of them in place of the one interface. */
    private Set<Integer> ways() {
        Set<Integer> indexes = new TreeSet<>();
        attributes(bytes, ROUTE_SIZE, (type, value) -> {
            if (type == RTA_OIF) {
                number(value).ifPresent(indexes::add);
            } else if (type == RTA_MULTIPATH) {
                int at = 0;
                while (value.capacity() - at >= NEXT_HOP_SIZE) {
                    int size = Short.toUnsignedInt(value.getShort(at));
                    if (size < NEXT_HOP_SIZE) {
                        return;
                    }
                    indexes.add(value.getInt(at + NEXT_HOP_INDEX_OFFSET));
                    at += align(size);
                }
            }
        });
        return indexes;
    }

    /** Of a veth without a peer and the like it is 0. */
    private static OptionalInt index(Map<Integer, Integer> numbers, int attribute) {
        int index = numbers.getOrDefault(attribute, 0);
        return index > 0 ? OptionalInt.of(index) : OptionalInt.empty();
    }

    static void attributes(ByteBuffer bytes, int from, AttributeReader reader) {
        int at = from;
        while (bytes.capacity() - at >= ATTRIBUTE_HEADER_SIZE) {
            int size = Short.toUnsignedInt(bytes.getShort(at));
            if (size < ATTRIBUTE_HEADER_SIZE || size > bytes.capacity() - at) {
                return;
            }
            reader.read(
                    bytes.getShort(at + 2) & NLA_TYPE_MASK,
                    ordered(bytes, at + ATTRIBUTE_HEADER_SIZE, size - ATTRIBUTE_HEADER_SIZE));
            at += align(size);
        }
    }

    static Optional<Integer> number(ByteBuffer value) {
        return value.capacity() >= Integer.BYTES ? Optional.of(value.getInt(0)) : Optional.empty();
    }

    /** Without the zero byte that may be at its end. */
    private static String text(ByteBuffer value) {
        int length = value.capacity();
        if (length > 0 && value.get(length - 1) == 0) {
            length--;
        }
        byte[] text = new byte[length];
        value.get(0, text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private static ByteBuffer ordered(ByteBuffer bytes, int from, int size) {
        return bytes.slice(from, size).order(ByteOrder.nativeOrder());
    }

    static int align(int size) {
        return size + 3 & ~3;
    }
}
