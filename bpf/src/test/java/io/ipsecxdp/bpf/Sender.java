package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Sys;
import io.ipsecxdp.linux.NetDevice;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;

/**
 * Sends ESP out of an interface.
 *
 * @param peer the namespace of the interface
 * @param witness who sees frames arrive at the other end
 */
record Sender(Namespace peer, String ifname, Witness witness) {
    /** Frames on their way at one time: far below any queue, so that nothing may be lost. */
    private static final int WINDOW = 128;

    /** Sends so many frames, SPI after SPI, and waits until all have arrived. */
    void send(int count, int... spis) {
        peer.run(() -> sendWhile(sent -> sent < count, spis));
    }

    /** Sends until the action has ended, and waits until all have arrived; answers with how many that were. */
    long sendDuring(Runnable action, int... spis) {
        var ended = new AtomicBoolean();
        var sending = peer.submit(() -> sendWhile(sent -> !ended.get(), spis));
        try {
            action.run();
        } finally {
            ended.set(true);
        }
        return Namespace.result(sending);
    }

    private long sendWhile(LongPredicate more, int... spis) {
        var frames = IntStream.of(spis).mapToObj(Frames::esp4).toList();
        long already = witness.total();
        long sent = 0;
        try (var socket =
                new Sys.PacketSocket(NetDevice.find(ifname).orElseThrow().index())) {
            while (more.test(sent)) {
                if (sent % WINDOW == 0) {
                    witness.await(already + sent);
                }
                socket.send(frames.get((int) (sent % frames.size())));
                sent++;
            }
        }
        witness.await(already + sent);
        return sent;
    }
}
