package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.XdpLinkInfo;
import java.util.Optional;

/**
 * One steered interface. Closing it leaves the interface steered, as when the agent stops; {@link #detach} ends it.
 * Safe for use by several threads.
 */
public final class Steering implements AutoCloseable {
    private final Pins pins;
    private final Fd link;
    private final SteerMaps maps;
    private boolean closed;

    private Steering(Pins pins, Fd link, SteerMaps maps) {
        this.pins = pins;
        this.link = link;
        this.maps = maps;
    }

    static Steering at(Pins pins) {
        return new Steering(pins, pins.link().orElseThrow(), SteerMaps.at(pins));
    }

    /** Name of the interface when it was opened. */
    public String ifname() {
        return pins.ifname();
    }

    /**
     * Brings CPUs, queue sizes and the hash to the configuration, without detaching; what is so already is not written.
     * A changed queue size gives the CPU a new queue, the old one is emptied by the kernel.
     *
     * @return why nothing was changed; empty if all is as configured
     */
    public synchronized Optional<Refusal> apply(SteeringConfig config) {
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

    /** What the kernel has, to compare with what is wanted. */
    public synchronized SteeringState state() {
        requireOpen();
        int ifindex = Bpf.xdpLinkInfo(link).map(XdpLinkInfo::ifindex).orElse(0);
        return new SteeringState(ifindex, maps.queues());
    }

    /** Ends steering here: the program leaves the interface at once, frames already queued are still delivered. */
    public synchronized void detach() {
        requireOpen();
        Bpf.detach(link);
        pins.removeAll();
        close();
    }

    @Override
    public synchronized void close() {
        closed = true;
        link.close();
        maps.close();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the steering of " + ifname() + " was closed");
        }
    }
}
