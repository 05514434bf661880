package io.ipsecxdp.xfrm.codec;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;

import io.ipsecxdp.xfrm.EspInUdp;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.SaFlag;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.util.Optional;
import java.util.Set;

/** Options that iproute2 and the kernel know as well, each with a value of its own. */
final class AllOptions {

    static final SaOptions OF_AN_OUTBOUND_SA = SaOptions.NONE
            .with()
            .lifetime(new Lifetime(
                    new Lifetime.Limit(1000, 2000),
                    new Lifetime.Limit(30, 40),
                    new Lifetime.Limit(5000, 6000),
                    new Lifetime.Limit(7000, 8000)))
            .flags(Set.of(SaFlag.NO_ECN, SaFlag.NO_PATH_MTU_DISCOVERY, SaFlag.DONT_ENCAP_DSCP))
            .selector(Optional.of(XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/24"))
                    .with(new IpProtocol(6), PortMatch.ANY, PortMatch.exactly(443))))
            .encapsulation(Optional.of(new EspInUdp(4500, 4501, Optional.of(ip("198.51.100.7")))))
            .outputMark(Optional.of(new XfrmMark(5, 0xf)))
            .interfaceId(0x2a)
            .tfcPadding(1400)
            .build();

    private AllOptions() {}
}
