package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.secrets.PresharedKeys;
import io.ipsecxdp.agent.tunnel.Heard;
import io.ipsecxdp.agent.tunnel.PeerLink;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.xfrm.Notification;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What the kernel loop is told, from any thread. */
public final class Events implements PeerLink.Listener {

    /** Something that the kernel loop has to know. */
    sealed interface Event {}

    record PlansAre(List<Slice> slices) implements Event {}

    record KernelTold(List<Notification> notifications) implements Event {}

    record LinksChanged() implements Event {}

    record KeyArrived(Origin origin, KeySecrets.Answer answer) implements Event {}

    record CpusChanged() implements Event {}

    record FactsAre(NodeInfo facts) implements Event {}

    record PeersHeard(Heard heard) implements Event {}

    record ShareWritten(KeyShareSpec share, long version) implements Event {}

    record PresharedKeyRead(String tunnel, PresharedKeys.Answer answer) implements Event {}

    record Stop() implements Event {}

    /**
     * Some MiB of notifications. A loop that is so far behind has to dump all anyway, and an agent without memory tells
     * nobody anything.
     */
    static final int MOST_NOTIFICATIONS = 50_000;

    private final BlockingQueue<Event> queue = new LinkedBlockingQueue<>();
    private final Object counting = new Object();
    /** Notifications in the queue. */
    private int waiting;
    /** What comes is left out, as the queue says. */
    private boolean full;

    /** These are all slices of the node. */
    public void plansAre(List<Slice> slices) {
        queue.add(new PlansAre(slices));
    }

    /** More than the loop could take in are {@link Notification.Lost}. */
    public void kernelTold(List<Notification> notifications) {
        synchronized (counting) {
            if (waiting + notifications.size() <= MOST_NOTIFICATIONS) {
                waiting += notifications.size();
                queue.add(new KernelTold(notifications));
            } else if (!full) {
                full = true;
                queue.add(new KernelTold(List.of(new Notification(
                        new Notification.Lost("the agent did not keep up with what the kernel told"), false))));
            }
        }
    }

    /** An interface came, went or changed. */
    public void linksChanged() {
        queue.add(new LinksChanged());
    }

    /** @param origin of the SA whose key it is */
    public void keyArrived(Origin origin, KeySecrets.Answer answer) {
        queue.add(new KeyArrived(origin, answer));
    }

    /** A CPU went offline or came online. */
    public void cpusChanged() {
        queue.add(new CpusChanged());
    }

    public void factsAre(NodeInfo facts) {
        queue.add(new FactsAre(facts));
    }

    /** What the kernel told, after waiting for it for a while; other events are dropped. */
    public List<Notification> notifications(Duration atMost) throws InterruptedException {
        return await(atMost).stream()
                .filter(KernelTold.class::isInstance)
                .flatMap(event -> ((KernelTold) event).notifications().stream())
                .toList();
    }

    @Override
    public void heard(Heard heard) {
        queue.add(new PeersHeard(heard));
    }

    @Override
    public void shareWritten(KeyShareSpec share, long version) {
        queue.add(new ShareWritten(share, version));
    }

    @Override
    public void presharedKeyRead(String tunnel, PresharedKeys.Answer answer) {
        queue.add(new PresharedKeyRead(tunnel, answer));
    }

    void stop() {
        queue.add(new Stop());
    }

    /**
     * The same news in fewer events: of what replaces itself the last only, and all that the kernel told as one, so that
     * ten thousand notifications are taken in at once and not one by one.
     */
    static List<Event> condensed(List<Event> events) {
        List<Event> condensed = new ArrayList<>();
        List<Notification> told = new ArrayList<>();
        Set<Class<?>> newer = new HashSet<>();
        for (Event event : events.reversed()) {
            switch (event) {
                case KernelTold(List<Notification> notifications) -> told.addAll(notifications.reversed());
                case KeyArrived key -> condensed.add(key);
                case ShareWritten written -> condensed.add(written);
                case PresharedKeyRead read -> condensed.add(read);
                case PeersHeard heard -> addIfNewest(heard, newer, condensed);
                case PlansAre plans -> addIfNewest(plans, newer, condensed);
                case FactsAre facts -> addIfNewest(facts, newer, condensed);
                case CpusChanged cpus -> addIfNewest(cpus, newer, condensed);
                case LinksChanged links -> addIfNewest(links, newer, condensed);
                case Stop stop -> addIfNewest(stop, newer, condensed);
            }
        }
        if (!told.isEmpty()) {
            condensed.add(new KernelTold(told.reversed()));
        }
        return condensed.reversed();
    }

    private static void addIfNewest(Event event, Set<Class<?>> newer, List<Event> to) {
        if (newer.add(event.getClass())) {
            to.add(event);
        }
    }

    /** All that is there, after waiting for the first. */
    List<Event> await(Duration atMost) throws InterruptedException {
        List<Event> events = new ArrayList<>();
        Event first = queue.poll(Math.max(0, atMost.toMillis()), TimeUnit.MILLISECONDS);
        if (first != null) {
            events.add(first);
            synchronized (counting) {
                queue.drainTo(events);
                waiting = 0;
                full = false;
            }
        }
        return events;
    }
}
