package io.ipsecxdp.xfrm.links;

import static io.ipsecxdp.xfrm.links.RouteMessage.ATTRIBUTE_HEADER_SIZE;
import static io.ipsecxdp.xfrm.links.RouteMessage.DESTINATION_LENGTH_OFFSET;
import static io.ipsecxdp.xfrm.links.RouteMessage.FLAGS_OFFSET;
import static io.ipsecxdp.xfrm.links.RouteMessage.HEADER_SIZE;
import static io.ipsecxdp.xfrm.links.RouteMessage.ROUTE_SIZE;
import static io.ipsecxdp.xfrm.links.RouteMessage.RTM_GETROUTE;
import static io.ipsecxdp.xfrm.links.RouteMessage.RTM_NEWROUTE;
import static io.ipsecxdp.xfrm.links.RouteMessage.SEQUENCE_OFFSET;
import static io.ipsecxdp.xfrm.links.RouteMessage.TYPE_OFFSET;

import io.ipsecxdp.linux.NetlinkSocket;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Asks the network namespace of the calling thread which way it would send. No packet is sent, and no policy is asked: a
 * connected socket would make the kernel look for an SA.
 */
public final class RouteLookup {

    private static final int NETLINK_ROUTE = 0;
    private static final short NLM_F_REQUEST = 1;
    private static final short RTA_DST = 1;
    private static final int RTA_OIF = 4;
    private static final int RTA_PREFSRC = 7;
    private static final int RTA_METRICS = 8;
    private static final int RTAX_MTU = 2;

    private static final byte AF_INET = 2;
    private static final byte AF_INET6 = 10;
    private static final int IPV4_BYTES = 4;

    private static final int BUFFER_SIZE = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /**
     * The way to a destination.
     *
     * @param source the address that the kernel would send from
     * @param link index of the interface
     * @param mtu what the route says of it, or was learned of the path; empty if it is that of the interface
     */
    public record Way(Optional<InetAddress> source, OptionalInt link, OptionalInt mtu) {}

    private RouteLookup() {}

    /** The address that the kernel would send from, to this destination; empty if it has no route there. */
    public static Optional<InetAddress> sourceTo(InetAddress destination) {
        return to(destination).flatMap(Way::source);
    }

    /** The way that the kernel would send, to this destination; empty if it has no route there. */
    public static Optional<Way> to(InetAddress destination) {
        byte[] address = destination.getAddress();
        int length = ROUTE_SIZE + ATTRIBUTE_HEADER_SIZE + address.length;
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());
        buffer.putInt(0, length);
        buffer.putShort(TYPE_OFFSET, (short) RTM_GETROUTE);
        buffer.putShort(FLAGS_OFFSET, NLM_F_REQUEST);
        buffer.putInt(SEQUENCE_OFFSET, 1);
        buffer.put(HEADER_SIZE, address.length == IPV4_BYTES ? AF_INET : AF_INET6);
        buffer.put(DESTINATION_LENGTH_OFFSET, (byte) (address.length * Byte.SIZE));
        buffer.putShort(ROUTE_SIZE, (short) (ATTRIBUTE_HEADER_SIZE + address.length));
        buffer.putShort(ROUTE_SIZE + Short.BYTES, RTA_DST);
        buffer.put(ROUTE_SIZE + ATTRIBUTE_HEADER_SIZE, address);
        try (NetlinkSocket socket = NetlinkSocket.open(NETLINK_ROUTE)) {
            socket.send(buffer, length);
            OptionalInt received = socket.receive(buffer, PATIENCE);
            return received.isPresent()
                    ? RouteMessage.in(buffer, Math.min(received.getAsInt(), BUFFER_SIZE)).stream()
                            .flatMap(List::stream)
                            .flatMap(message -> way(message, address.length).stream())
                            .findFirst()
                    : Optional.empty();
        }
    }

    private static Optional<Way> way(RouteMessage answer, int addressBytes) {
        if (answer.type() != RTM_NEWROUTE || answer.bytes().capacity() < ROUTE_SIZE) {
            return Optional.empty();
        }
        List<InetAddress> sources = new ArrayList<>();
        List<Integer> links = new ArrayList<>();
        List<Integer> mtus = new ArrayList<>();
        RouteMessage.attributes(answer.bytes(), ROUTE_SIZE, (type, value) -> {
            switch (type) {
                case RTA_PREFSRC -> {
                    if (value.capacity() == addressBytes) {
                        byte[] source = new byte[addressBytes];
                        value.get(0, source);
                        sources.add(address(source));
                    }
                }
                case RTA_OIF -> RouteMessage.number(value).ifPresent(links::add);
                case RTA_METRICS ->
                    RouteMessage.attributes(value, 0, (metric, number) -> {
                        if (metric == RTAX_MTU) {
                            RouteMessage.number(number).ifPresent(mtus::add);
                        }
                    });
                default -> {}
            }
        });
        return Optional.of(new Way(sources.stream().findFirst(), first(links), first(mtus)));
    }

    private static OptionalInt first(List<Integer> numbers) {
        return numbers.stream().mapToInt(Integer::intValue).findFirst();
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
