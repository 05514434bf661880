package io.ipsecxdp.xfrm.links;

import io.ipsecxdp.linux.Datagrams;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.NetlinkSocket;
import io.ipsecxdp.linux.SystemCallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * The interfaces of the network namespace of the thread that asks, over rtnetlink. Java's own list lacks those without
 * an address, and /sys shows those of the namespace in which it was mounted.
 */
public final class Links implements AutoCloseable {

    private static final int NETLINK_ROUTE = 0;

    /** {@code RTNLGRP_LINK}, {@code RTNLGRP_IPV4_ROUTE} and {@code RTNLGRP_IPV6_ROUTE} of linux/rtnetlink.h. */
    private static final int[] GROUPS = {1, 7, 11};

    /** Interfaces come and go with pods, some in a second; a dump takes a millisecond. */
    private static final int MOST_LINK_DUMPS = 20;

    /** A router that learns its routes changes some all the time. */
    private static final int MOST_ROUTE_DUMPS = 5;

    private static final Duration FOR_EVER = Duration.ofMillis(-1);

    private final NetlinkSocket changes;
    private final ByteBuffer change =
            ByteBuffer.allocateDirect(RouteDump.BUFFER_SIZE).order(ByteOrder.nativeOrder());

    private Links(NetlinkSocket changes) {
        this.changes = changes;
    }

    /** Begins to listen for changes. */
    public static Links listen() {
        NetlinkSocket socket = open();
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

    private static NetlinkSocket open() {
        return NetlinkSocket.open(NETLINK_ROUTE);
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
                if (length.getAsInt() > RouteDump.BUFFER_SIZE || !isAboutOtherRoutes(change, length.getAsInt())) {
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

    private static boolean isAboutOtherRoutes(ByteBuffer datagram, int length) {
        return RouteMessage.in(datagram, length)
                .filter(messages -> messages.stream().allMatch(RouteMessage::isAboutAnotherRoute))
                .isPresent();
    }

    /**
     * All interfaces, by name.
     *
     * @throws SystemCallException if the kernel does not show them: which ones are there is not known then
     */
    public static Map<String, Link> list() {
        return list(Links::open);
    }

    static Map<String, Link> list(Supplier<Datagrams> open) {
        Map<String, Link> links = new TreeMap<>();
        RouteDump.whole(open, MOST_LINK_DUMPS, RouteMessage.RTM_GETLINK, RouteMessage.LINK_SIZE, RouteMessage::link)
                .forEach(link -> links.put(link.device().name(), link));
        return links;
    }

    /**
     * Indexes of the interfaces through which default routes of the main table lead, of both families. Where routes change
     * all the time, those that any of some dumps shows.
     *
     * @throws SystemCallException if the kernel does not show them
     */
    public static Set<Integer> ofDefaultRoutes() {
        return ofDefaultRoutes(Links::open);
    }

    static Set<Integer> ofDefaultRoutes(Supplier<Datagrams> open) {
        Set<Integer> shown = new TreeSet<>();
        for (int i = 0; i < MOST_ROUTE_DUMPS; i++) {
            RouteDump<Set<Integer>> dump =
                    RouteDump.of(open, RouteMessage.RTM_GETROUTE, RouteMessage.ROUTE_SIZE, RouteMessage::defaultRoute);
            if (dump.whole()) {
                shown.clear();
            }
            dump.entries().forEach(shown::addAll);
            if (dump.whole()) {
                break;
            }
        }
        return shown;
    }

    @Override
    public void close() {
        changes.close();
    }
}
