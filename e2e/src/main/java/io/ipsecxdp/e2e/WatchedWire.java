package io.ipsecxdp.e2e;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;

/** Looks at each packet that a node sends, for as long as one likes: no nonce twice, nothing in the clear. */
final class WatchedWire implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(20);

    private final KernelProcess watch;

    private WatchedWire(KernelProcess watch) {
        this.watch = watch;
    }

    static WatchedWire of(Daemons daemons, Node node) {
        KernelProcess watch = KernelProcess.start(
                daemons,
                "watch-" + node.name(),
                node,
                List.of(node.kernel().payload().traffic(), "watch", "--on", "eth0"));
        watch.daemon().awaitText("ready", START);
        return new WatchedWire(watch);
    }

    /**
     * What was seen.
     *
     * @param esp ESP packets
     * @param repeated of these, whose destination, SPI and sequence number another had
     * @param clear numbered packets that were not protected
     * @param unseen packets that came faster than they were looked at
     */
    record Report(long esp, long repeated, long clear, long unseen) {}

    Report end() {
        watch.terminate();
        String text = watch.text();
        try {
            return new ObjectMapper().readValue(text.substring(text.indexOf('{')), Report.class);
        } catch (JsonProcessingException | StringIndexOutOfBoundsException e) {
            throw new IllegalStateException(
                    watch + " reported nothing; " + watch.daemon().tail(), e);
        }
    }

    @Override
    public void close() {
        watch.close();
    }
}
