package io.ipsecxdp.agent;

import io.ipsecxdp.agent.jna.SystemCallException;
import io.ipsecxdp.agent.loop.Events;
import io.ipsecxdp.agent.node.CpuNews;
import io.ipsecxdp.agent.node.Links;
import io.ipsecxdp.agent.xfrm.Notification;
import io.ipsecxdp.agent.xfrm.NotificationGroup;
import io.ipsecxdp.agent.xfrm.Subscription;
import io.ipsecxdp.agent.xfrm.Xfrm;
import io.ipsecxdp.agent.xfrm.XfrmException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;

/** Threads that hear what the kernel tells of SAs and policies, of interfaces, and of CPUs. */
final class KernelEars implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(KernelEars.class);

    private static final Set<NotificationGroup> GROUPS = EnumSet.allOf(NotificationGroup.class);

    private static final long PAUSE_MILLIS = 1000;

    private final Subscription subscription;
    private final Links links;
    private final CpuNews cpus;
    private final Events events;
    private volatile boolean closed;

    private KernelEars(Subscription subscription, Links links, CpuNews cpus, Events events) {
        this.subscription = subscription;
        this.links = links;
        this.cpus = cpus;
        this.events = events;
    }

    /** When this returns, nothing that happens goes unheard. */
    static KernelEars open(Xfrm xfrm, Events events) {
        Subscription subscription = xfrm.subscribe(GROUPS);
        Optional<Links> links = Optional.empty();
        try {
            links = Optional.of(Links.listen());
            KernelEars ears = new KernelEars(subscription, links.get(), CpuNews.listen(), events);
            Thread.ofPlatform().daemon().name("xfrm").start(ears::hearXfrm);
            Thread.ofPlatform().daemon().name("links").start(ears::hearLinks);
            Thread.ofPlatform().daemon().name("cpus").start(ears::hearCpus);
            return ears;
        } catch (SystemCallException e) {
            subscription.close();
            links.ifPresent(Links::close);
            throw new XfrmException("The kernel's notifications of interfaces and CPUs cannot be received", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        subscription.close();
        links.close();
        cpus.close();
    }

    private void hearXfrm() {
        while (!closed) {
            try {
                List<Notification> notifications = subscription.next();
                if (!notifications.isEmpty()) {
                    events.kernelTold(notifications);
                }
            } catch (XfrmException e) {
                LOG.error("The kernel's notifications of SAs and policies cannot be received", e);
                events.kernelTold(List.of(new Notification(new Notification.Lost(e.getMessage()), false)));
                rest();
            }
        }
    }

    private void hearLinks() {
        while (!closed) {
            try {
                if (links.awaitChange()) {
                    events.linksChanged();
                }
            } catch (SystemCallException e) {
                LOG.error("The kernel's notifications of interfaces cannot be received", e);
                events.linksChanged();
                rest();
            }
        }
    }

    private void hearCpus() {
        while (!closed) {
            try {
                if (cpus.await()) {
                    events.cpusChanged();
                }
            } catch (SystemCallException e) {
                LOG.error("The kernel's notifications of CPUs cannot be received", e);
                rest();
            }
        }
    }

    private static void rest() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
