package io.ipsecxdp.bpf;

import io.ipsecxdp.linux.NetDevice;
import java.util.List;
import java.util.Optional;

/**
 * One steered interface. Closing it leaves the interface steered, as when the agent stops; {@link #detach} ends it.
 * Safe for use by several threads.
 */
public final class SteeredInterface implements AutoCloseable {
    private final Pins pins;
    private final Attachment hold;
    private final SteerMaps maps;
    private final Optional<QueueWatch> queueWatch;
    private final int ifindex;
    private boolean closed;

    private SteeredInterface(Pins pins, Attachment hold, SteerMaps maps, Optional<QueueWatch> queueWatch, int ifindex) {
        this.pins = pins;
        this.hold = hold;
        this.maps = maps;
        this.queueWatch = queueWatch;
        this.ifindex = ifindex;
    }

    static SteeredInterface at(Pins pins, Dispatchers dispatchers, NetDevice device) {
        var maps = SteerMaps.at(pins);
        var watch = QueueWatch.open(Pins.shared(pins.folder().getParent()));
        watch.ifPresent(w -> w.watch(maps.queuesId(), device.index()));
        return new SteeredInterface(pins, Attachment.of(pins, dispatchers).orElseThrow(), maps, watch, device.index());
    }

    /** Name of the interface when it was opened. */
    public String ifname() {
        return pins.ifname();
    }

    /**
     * Brings the interface to the configuration, without detaching; what is so already is not written.
     * A changed queue size gives the CPU a new queue, the old one is emptied by the kernel.
     *
     * @return why nothing was changed; empty if all is as configured
     */
    public synchronized Optional<AttachRefusal> apply(SteeringConfig config) {
        requireOpen();
        var refusal = Cpus.refusal(config);
        if (refusal.isEmpty()) {
            maps.apply(config);
        }
        return refusal;
    }

    public synchronized Counters counters() {
        requireOpen();
        return maps.counters();
    }

    /**
     * What became of the frames behind the program, by the CPU they were sent to, since its queues were made.
     *
     * @return the index is the CPU; empty if the kernel does not let us see its tracepoints
     */
    public synchronized List<QueueCount> queues() {
        requireOpen();
        return queueWatch.map(watch -> watch.counts(maps.queuesId())).orElse(List.of());
    }

    /** Frames that the driver was to redirect and dropped, because it cannot; 0 if the kernel does not let us see. */
    public synchronized long redirectsRefused() {
        requireOpen();
        return queueWatch.map(watch -> watch.exceptions(ifindex)).orElse(0L);
    }

    /**
     * Who sends SPIs that no SA has, those with the most packets first; kept unless the configuration says {@link
     * UnknownSpiHandling#PASS}. At most some 1,000: who was not heard for long is forgotten first.
     */
    public synchronized List<UnknownTalker> unknownTalkers() {
        requireOpen();
        return maps.unknownTalkers();
    }

    /** Packets steered by each bucket of {@link HashCpus} while the configuration said to count them. */
    public synchronized long[] bucketPackets() {
        requireOpen();
        return maps.bucketPackets();
    }

    /** What the kernel has, to compare with what is wanted. To be asked in the network namespace of the interface. */
    public synchronized SteeringState state() {
        requireOpen();
        return new SteeringState(hold.ifindex(), maps.queues());
    }

    /** Ends steering here: the program leaves the interface at once, frames already queued are still delivered. */
    public synchronized void detach() {
        requireOpen();
        hold.release();
        queueWatch.ifPresent(watch -> watch.forget(maps.queuesId(), ifindex));
        pins.removeAll();
        close();
    }

    @Override
    public synchronized void close() {
        closed = true;
        queueWatch.ifPresent(QueueWatch::close);
        hold.close();
        maps.close();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the steering of " + ifname() + " was closed");
        }
    }
}
