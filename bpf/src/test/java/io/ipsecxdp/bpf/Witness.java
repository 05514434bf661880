package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.Sys;
import io.ipsecxdp.linux.NetDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Says on which CPU the stack of an interface got each ESP frame: witness.bpf.c. It tells SPIs apart by their last byte. */
final class Witness implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final BpfObject object;
    private final Fd link;
    private final int cpus = Bpf.possibleCpus();

    private Witness(BpfObject object, Fd link) {
        this.object = object;
        this.link = link;
    }

    /** To be called in the interface's namespace. */
    static Witness on(NetDevice device) {
        var object = BpfObject.open("witness", Compiled.test("witness"));
        object.load();
        return new Witness(object, Sys.attachIngress(object.program("witness"), device.index()));
    }

    /** CPU to frames of this SPI; only CPUs that got any. */
    Map<Integer, Long> arrived(int spi) {
        var values = ByteBuffer.wrap(Bpf.lookup(object.map("arrived"), spi & 0xFF, cpus * Long.BYTES)
                        .orElseThrow())
                .order(ByteOrder.nativeOrder());
        var byCpu = new TreeMap<Integer, Long>();
        for (int cpu = 0; cpu < cpus; cpu++) {
            long count = values.getLong(cpu * Long.BYTES);
            if (count > 0) {
                byCpu.put(cpu, count);
            }
        }
        return byCpu;
    }

    long total() {
        return IntStream.range(0, 256)
                .mapToLong(spi -> arrived(spi).values().stream()
                        .mapToLong(Long::longValue)
                        .sum())
                .sum();
    }

    /** Waits until at least so many frames arrived. */
    void await(long frames) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (total() < frames) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("of " + frames + " frames, " + total() + " arrived within " + PATIENCE);
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        link.close();
        object.close();
    }
}
