package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.XdpLinkInfo;
import java.util.Optional;
import java.util.OptionalInt;

/** What keeps our program on an interface while no agent runs. */
sealed interface Attachment extends AutoCloseable {
    /** What is pinned; it may hold nothing any more. */
    static Optional<Attachment> of(Pins pins, Dispatchers dispatchers) {
        return pins.link()
                .<Attachment>map(Link::new)
                .or(() -> pins.isComponent()
                        ? pins.configId().map(id -> new Component(id, dispatchers))
                        : Optional.empty());
    }

    /** The interface; 0 if the interface vanished, or somebody took the program off. */
    int ifindex();

    /** The id of the program that the kernel shows on the interface, if it is there by this. */
    OptionalInt shownOn(int ifindex);

    /** Takes the program off. */
    void release();

    @Override
    void close();

    /** A link of our own, which leaves no room for others. */
    record Link(Fd link) implements Attachment {
        @Override
        public int ifindex() {
            return Bpf.xdpLinkInfo(link).map(XdpLinkInfo::ifindex).orElse(0);
        }

        @Override
        public OptionalInt shownOn(int ifindex) {
            return Bpf.xdpLinkInfo(link).stream()
                    .filter(info -> info.ifindex() == ifindex)
                    .mapToInt(XdpLinkInfo::programId)
                    .findFirst();
        }

        @Override
        public void release() {
            Bpf.detach(link);
        }

        @Override
        public void close() {
            link.close();
        }
    }

    /**
     * A place in a dispatcher of libxdp. Whoever changes the dispatcher makes a new one and new links, so what is ours is
     * known by a map.
     *
     * @param mapId of the configuration
     */
    record Component(int mapId, Dispatchers dispatchers) implements Attachment {
        @Override
        public int ifindex() {
            return dispatchers.withMap(mapId).map(Dispatcher::ifindex).orElse(0);
        }

        @Override
        public OptionalInt shownOn(int ifindex) {
            return dispatchers.on(ifindex).stream()
                    .filter(dispatcher -> !dispatcher.using(mapId).isEmpty())
                    .mapToInt(Dispatcher::programId)
                    .findFirst();
        }

        @Override
        public void release() {
            int there = ifindex();
            if (there != 0) {
                dispatchers.leave(there, component -> component.program().maps().contains(mapId));
            }
            dispatchers.sweep(mapId);
        }

        @Override
        public void close() {
            // Nothing is open
        }
    }
}
