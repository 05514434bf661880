package io.ipsecxdp.e2e;

/** Makes the veth of a node what a NIC with one queue is: one CPU takes all that arrives. Closing it undoes that. */
public final class OneQueue implements AutoCloseable {
    private final Node receiver;
    private final Node sender;

    private OneQueue(Node receiver, Node sender) {
        this.receiver = receiver;
        this.sender = sender;
    }

    /** @param sender the node at the other end of the cable */
    public static OneQueue at(Node receiver, Node sender, int cpu) {
        var queue = new OneQueue(receiver, sender);
        queue.arriveOn(cpu);
        return queue;
    }

    /** Again, for instance after an XDP program came, with which there are other NAPI threads. */
    public void arriveOn(int cpu) {
        // A veth queues for NAPI what its peer sends without TSO, and hands on the rest at once
        // (veth_skb_is_eligible_for_gro)
        sender.run("ethtool", "-K", "eth0", "tso", "off");
        receiver.script("""
                ethtool -K eth0 gro on
                unshare --mount sh -c 'mount -t sysfs sysfs /sys && echo 1 >/sys/class/net/eth0/threaded'
                threads=$(pgrep '^napi/eth0-')
                for thread in $threads; do taskset -p -c %d "$thread"; done
                """.formatted(cpu));
    }

    @Override
    public void close() {
        receiver.script("""
                unshare --mount sh -c 'mount -t sysfs sysfs /sys && echo 0 >/sys/class/net/eth0/threaded'
                ethtool -K eth0 gro off
                """);
        // Refused while the other end has a program in native mode, which keeps it off (veth_fix_features)
        sender.tryRun("ethtool", "-K", "eth0", "tso", "on");
    }
}
