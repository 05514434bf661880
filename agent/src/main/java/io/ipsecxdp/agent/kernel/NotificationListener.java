package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.linux.SystemCallException;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.NotificationGroup;
import io.ipsecxdp.xfrm.Subscription;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmException;
import io.ipsecxdp.xfrm.links.CpuHotplug;
import io.ipsecxdp.xfrm.links.Links;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;

/** Threads that hear what the kernel tells of SAs and policies, of interfaces, and of CPUs. */
public final class NotificationListener implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(NotificationListener.class);

    private static final Set<NotificationGroup> GROUPS = EnumSet.allOf(NotificationGroup.class);

    private static final long PAUSE_MILLIS = 1000;

    private final Subscription subscription;
    private final Links links;
    private final CpuHotplug cpus;
    private final Events events;
    private volatile boolean closed;

    private NotificationListener(Subscription subscription, Links links, CpuHotplug cpus, Events events) {
        this.subscription = subscription;
        this.links = links;
        this.cpus = cpus;
        this.events = events;
    }

    /** When this returns, nothing that happens goes unheard. */
    public static NotificationListener open(Xfrm xfrm, Events events) {
        Subscription subscription = xfrm.subscribe(GROUPS);
        Optional<Links> links = Optional.empty();
        try {
            links = Optional.of(Links.listen());
            NotificationListener ears =
                    new NotificationListener(subscription, links.get(), CpuHotplug.listen(), events);
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
