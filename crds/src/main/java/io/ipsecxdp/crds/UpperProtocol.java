package io.ipsecxdp.crds;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Next layer protocol of a selector (RFC 4301, section 4.4.1.1).
 *
 * @param number IANA's, 0 to 255; 0 stands for any, as in the kernel's {@code struct xfrm_selector}
 */
public record UpperProtocol(int number) {
    public static final UpperProtocol ANY = new UpperProtocol(0);
    public static final UpperProtocol ICMP = new UpperProtocol(1);
    public static final UpperProtocol TCP = new UpperProtocol(6);
    public static final UpperProtocol UDP = new UpperProtocol(17);
    public static final UpperProtocol ICMPV6 = new UpperProtocol(58);
    public static final UpperProtocol SCTP = new UpperProtocol(132);

    private static final int HIGHEST = 255;
    private static final Map<String, Integer> NUMBERS = Map.ofEntries(
            Map.entry("Any", 0),
            Map.entry("ICMP", 1),
            Map.entry("IGMP", 2),
            Map.entry("IPv4", 4),
            Map.entry("TCP", 6),
            Map.entry("UDP", 17),
            Map.entry("DCCP", 33),
            Map.entry("IPv6", 41),
            Map.entry("GRE", 47),
            Map.entry("ESP", 50),
            Map.entry("AH", 51),
            Map.entry("ICMPv6", 58),
            Map.entry("OSPF", 89),
            Map.entry("PIM", 103),
            Map.entry("VRRP", 112),
            Map.entry("L2TP", 115),
            Map.entry("SCTP", 132),
            Map.entry("UDPLite", 136));
    private static final Map<Integer, String> NAMES = names();

    /** Protocols with ports that the kernel looks at (include/net/xfrm.h, xfrm_flowi_sport). */
    private static final Set<Integer> WITH_PORTS = Set.of(6, 17, 33, 132, 136);

    public UpperProtocol {
        if (number < 0 || number > HIGHEST) {
            throw new IllegalArgumentException("a protocol has a number from 0 to 255, not " + number);
        }
    }

    /** The protocol of this name or number; empty if there is none. */
    public static Optional<UpperProtocol> parse(String text) {
        if (NUMBERS.containsKey(text)) {
            return Optional.of(new UpperProtocol(NUMBERS.get(text)));
        }
        return Optional.of(text)
                .filter(number -> number.matches("0|[1-9][0-9]{0,2}"))
                .map(Integer::valueOf)
                .filter(number -> number <= HIGHEST)
                .map(UpperProtocol::new);
    }

    /** The names that {@link #parse} knows, in the order of their numbers. */
    public static List<String> knownNames() {
        return List.copyOf(NAMES.values());
    }

    public boolean hasPorts() {
        return WITH_PORTS.contains(number);
    }

    public boolean hasIcmpType() {
        return equals(ICMP) || equals(ICMPV6);
    }

    private static Map<Integer, String> names() {
        var names = new TreeMap<Integer, String>();
        NUMBERS.forEach((name, number) -> names.put(number, name));
        return names;
    }

    /** As {@link #parse} reads it: the name, or the number of a protocol without one. */
    @Override
    public String toString() {
        return NAMES.getOrDefault(number, Integer.toString(number));
    }
}
