package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.xfrm.AsObserved;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.XfrmMark;
import java.util.List;
import org.junit.jupiter.api.Test;

class NotifiedMarksTest {

    private static final XfrmMark FIRST = new XfrmMark(42, -1);
    private static final XfrmMark SECOND = new XfrmMark(7, 0xff);
    private static final XfrmMark GONE = new XfrmMark(9, -1);

    private static ObservedSa sa(XfrmMark mark) {
        return AsObserved.larval(
                new SaId(IpLiterals.parse("192.0.2.2"), IpProtocol.ESP, 4711, mark), IpLiterals.parse("192.0.2.1"), 7);
    }

    @Test
    void theMarksOfNewAndChangedSasAreHeardWhoeverMadeThem() {
        assertThat(NotifiedMarks.in(List.of(
                        new Notification(new Notification.SaAdded(sa(FIRST)), false),
                        new Notification(new Notification.SaUpdated(sa(SECOND)), true),
                        new Notification(new Notification.SaDeleted(sa(GONE)), false),
                        new Notification(new Notification.SasFlushed(IpProtocol.ANY), false))))
                .containsExactlyInAnyOrder(FIRST, SECOND);
    }
}
