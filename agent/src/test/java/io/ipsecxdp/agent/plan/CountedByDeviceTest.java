package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.plan.Moment.NOON;
import static io.ipsecxdp.agent.plan.Moment.fingerprint;
import static io.ipsecxdp.agent.plan.Moment.observed;
import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.KernelHistory;
import io.ipsecxdp.agent.ledger.KeyUse;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.XfrmOffload;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The last sequence number that the kernel tells when it deletes an SA. */
class CountedByDeviceTest {

    private static DesiredSa offloaded(boolean packet) {
        SaOptions options = SaOptions.NONE.withOffload(Optional.of(new XfrmOffload(3, packet)));
        return Moment.sa("a", SaDir.OUT, SaId.esp(ip("10.0.0.2"), 0x1000), options);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void isBelievedOnlyWhereTheKernelNumbersThePackets(boolean packet) {
        DesiredSa sa = offloaded(packet);
        DecisionInput now = new Moment().own(sa, "k").now();
        ObservedSa deleted = observed(sa.sa(), 77, observed(sa.sa()).options());

        Optional<KeyUse> ended = KernelHistory.startingWith(now.journal())
                .ended(new Notification(new Notification.SaDeleted(deleted), false), now.journal(), now.ledger());

        assertThat(deleted.counters().added()).isEqualTo(NOON);
        assertThat(ended)
                .isEqualTo(
                        packet
                                ? Optional.empty()
                                : Optional.of(sa.use(fingerprint("k")).with(new KeyUse.Ended(77))));
    }
}
