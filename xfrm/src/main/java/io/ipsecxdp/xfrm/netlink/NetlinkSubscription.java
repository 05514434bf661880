package io.ipsecxdp.xfrm.netlink;

import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.NetlinkSocket;
import io.ipsecxdp.linux.SystemCallException;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.NotificationGroup;
import io.ipsecxdp.xfrm.Subscription;
import io.ipsecxdp.xfrm.codec.Frame;
import io.ipsecxdp.xfrm.codec.MalformedMessageException;
import io.ipsecxdp.xfrm.codec.XfrmDecoder;
import io.ipsecxdp.xfrm.codec.Zeros;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Listens on a socket of its own, so that no notification gets between a request and its answer. */
final class NetlinkSubscription implements Subscription {

    private static final int RECEIVE_BYTES = 64 * 1024;

    /** Some ten thousand notifications may wait for the reader. */
    private static final int SOCKET_BYTES = 16 * 1024 * 1024;

    private static final Duration FOR_EVER = Duration.ofMillis(-1);

    private final NetlinkSocket socket;
    private final int ownPort;
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(RECEIVE_BYTES);

    private NetlinkSubscription(NetlinkSocket socket, int ownPort) {
        this.socket = socket;
        this.ownPort = ownPort;
    }

    /** @param ownPort notifications of what this port did are marked as own */
    static NetlinkSubscription open(Set<NotificationGroup> groups, int ownPort) {
        try {
            NetlinkSocket socket = NetlinkSocket.open(Conversation.NETLINK_XFRM);
            return new NetlinkSubscription(listening(socket, groups), ownPort);
        } catch (SystemCallException e) {
            throw Conversation.failure("The kernel's XFRM notifications cannot be received", e);
        }
    }

    private static NetlinkSocket listening(NetlinkSocket socket, Set<NotificationGroup> groups) {
        try {
            socket.receiveBuffer(SOCKET_BYTES);
            groups.forEach(group -> socket.join(number(group)));
            return socket;
        } catch (SystemCallException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public List<Notification> next() {
        try {
            OptionalInt length = socket.receive(incoming, FOR_EVER);
            return length.isPresent() ? notifications(length.getAsInt()) : List.of();
        } catch (SystemCallException e) {
            if (e.errno() == Errno.ENOBUFS.number()) {
                return lost(KernelError.meaning(Errno.ENOBUFS));
            }
            throw Conversation.failure("The kernel's XFRM notifications cannot be received", e);
        } catch (MalformedMessageException e) {
            return lost(e.getMessage());
        }
    }

    @Override
    public void close() {
        socket.close();
    }

    private List<Notification> notifications(int length) {
        try {
            if (length > incoming.capacity()) {
                return lost("a notification of %d bytes is longer than expected".formatted(length));
            }
            return Frame.in(incoming, length).stream()
                    .map(frame -> new Notification(XfrmDecoder.event(frame), frame.portId() == ownPort))
                    .toList();
        } finally {
            // Notifications of SAs hold their keys
            Zeros.fill(incoming, 0, Math.min(length, incoming.capacity()));
        }
    }

    private static List<Notification> lost(String why) {
        return List.of(new Notification(new Notification.Lost(why), false));
    }

    /** {@code enum xfrm_nlgroups} of linux/xfrm.h. */
    private static int number(NotificationGroup group) {
        return switch (group) {
            case ACQUIRE -> 1;
            case EXPIRE -> 2;
            case SA -> 3;
            case POLICY -> 4;
        };
    }
}
