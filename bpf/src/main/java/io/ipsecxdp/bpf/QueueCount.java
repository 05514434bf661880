package io.ipsecxdp.bpf;

/**
 * What became of the frames that an interface's steering sent to one CPU, in frames.
 *
 * @param enqueued taken by the CPU's queue
 * @param dropped because the queue was full
 * @param kernelDropped by the CPU when it took them out of the queue, mostly for want of memory
 * @param redirectErrors refused before they reached a queue
 */
public record QueueCount(long enqueued, long dropped, long kernelDropped, long redirectErrors) {
    public static final QueueCount ZERO = new QueueCount(0, 0, 0, 0);

    public QueueCount plus(QueueCount other) {
        return new QueueCount(
                enqueued + other.enqueued,
                dropped + other.dropped,
                kernelDropped + other.kernelDropped,
                redirectErrors + other.redirectErrors);
    }
}
