package io.ipsecxdp.xfrm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NotificationTest {

    private static final SaId ID = SaId.esp(Addresses.ip("192.0.2.1"), 0x1000);

    @Test
    void anSaThatExpiresSoftlyIsTouchedAndStays() {
        var soft = new Notification.SaExpired(ID, false);
        assertThat(soft.touched()).contains(EntryIds.of(ID));
        assertThat(soft.removes()).isFalse();
    }

    @Test
    void anSaThatExpiresHardIsGone() {
        assertThat(new Notification.SaExpired(ID, true).removes()).isTrue();
    }

    @Test
    void aFlushAndLostNotificationsMayTouchAnyEntry() {
        assertThat(new Notification.SasFlushed(IpProtocol.ANY).touched()).isEmpty();
        assertThat(new Notification.PoliciesFlushed(PolicyId.Type.MAIN).touched())
                .isEmpty();
        assertThat(new Notification.Lost("the socket is full").touched()).isEmpty();
    }

    @Test
    void aMessageOfAnotherKindTouchesNone() {
        assertThat(new Notification.Other(99).touched()).contains(EntryIds.NONE);
    }
}
