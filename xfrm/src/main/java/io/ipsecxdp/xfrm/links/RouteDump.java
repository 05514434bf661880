package io.ipsecxdp.xfrm.links;

import io.ipsecxdp.linux.Datagrams;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.SystemCallException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One dump over rtnetlink, read to its end.
 *
 * @param whole the kernel says of no message that the table changed meanwhile; otherwise entries may be missing
 */
record RouteDump<T>(List<T> entries, boolean whole) {

    /** The kernel fills up to 32 KiB of a dump into one datagram ({@code netlink_recvmsg}). */
    static final int BUFFER_SIZE = 64 * 1024;

    private static final int SEQUENCE = 1;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** EBADMSG of asm-generic/errno.h: the lengths of messages do not add up. */
    private static final int NO_MESSAGE = 74;

    /**
     * Dumps until a dump is whole.
     *
     * @param open a fresh connection for each: on one, what was not read of a dump comes before the next
     * @throws SystemCallException if the kernel refuses, does not answer, or if none was whole in {@code atMost} times
     */
    static <T> List<T> whole(
            Supplier<Datagrams> open, int atMost, int type, int size, Function<RouteMessage, Optional<T>> read) {
        for (int i = 0; i < atMost; i++) {
            RouteDump<T> dump = of(open, type, size, read);
            if (dump.whole()) {
                return dump.entries();
            }
        }
        throw new SystemCallException("a dump over rtnetlink, %d times".formatted(atMost), Errno.EINTR.number());
    }

    /** @throws SystemCallException if the kernel refuses, or does not answer to the end */
    static <T> RouteDump<T> of(Supplier<Datagrams> open, int type, int size, Function<RouteMessage, Optional<T>> read) {
        try (Datagrams kernel = open.get()) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).order(ByteOrder.nativeOrder());
            buffer.putInt(0, size);
            buffer.putShort(RouteMessage.TYPE_OFFSET, (short) type);
            buffer.putShort(RouteMessage.FLAGS_OFFSET, (short) RouteMessage.NLM_F_REQUEST_DUMP);
            buffer.putInt(RouteMessage.SEQUENCE_OFFSET, SEQUENCE);
            kernel.send(buffer, size);
            List<T> entries = new ArrayList<>();
            boolean whole = true;
            while (true) {
                for (RouteMessage message : receive(kernel, buffer)) {
                    if (message.sequence() != SEQUENCE) {
                        continue;
                    }
                    whole &= !message.dumpInterrupted();
                    if (message.type() == RouteMessage.NLMSG_DONE || message.type() == RouteMessage.NLMSG_ERROR) {
                        message.error().ifPresent(error -> {
                            throw new SystemCallException("a dump over rtnetlink", error);
                        });
                        return new RouteDump<>(entries, whole);
                    }
                    read.apply(message).ifPresent(entries::add);
                }
            }
        }
    }

    private static List<RouteMessage> receive(Datagrams kernel, ByteBuffer buffer) {
        OptionalInt length = kernel.receive(buffer, PATIENCE);
        if (length.isEmpty()) {
            throw new SystemCallException("a dump over rtnetlink", Errno.ETIMEDOUT.number());
        }
        return Optional.of(length.getAsInt())
                .filter(received -> received <= BUFFER_SIZE)
                .flatMap(received -> RouteMessage.in(buffer, received))
                .orElseThrow(() -> new SystemCallException("a dump over rtnetlink", NO_MESSAGE));
    }
}
