package io.ipsecxdp.agent.steering;

import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.XfrmMark;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The marks of SAs that the kernel has just told of. An SA with a mark that XDP does not look up with is unknown to it, so
 * that its packets would be dropped where unknown SPIs are; that cannot wait for the next dump.
 */
public final class NotifiedMarks {
    private NotifiedMarks() {}

    /** Of SAs that are new or changed; of those that are gone the next dump tells, which is soon enough. */
    public static Set<XfrmMark> in(Collection<Notification> notifications) {
        return notifications.stream()
                .flatMap(notification -> switch (notification.event()) {
                    case Notification.SaAdded(var sa) -> Stream.of(sa.id().mark());
                    case Notification.SaUpdated(var sa) -> Stream.of(sa.id().mark());
                    default -> Stream.empty();
                })
                .collect(Collectors.toUnmodifiableSet());
    }
}
