package io.ipsecxdp.xfrm;

import java.net.InetAddress;
import java.util.Optional;

/** What policies of tests ask for. */
public final class Templates {

    private Templates() {}

    /** Any ESP tunnel between the two ends that has this reqid. */
    public static Template espTunnel(InetAddress source, InetAddress destination, long reqid) {
        return new Template(
                IpProtocol.ESP,
                Mode.TUNNEL,
                reqid,
                Optional.of(new Template.Ends(source, destination)),
                0,
                Template.Level.REQUIRED,
                AddressFamily.of(source));
    }

    /** Any ESP transport SA between the packet's own ends that has this reqid. */
    public static Template espTransport(AddressFamily family, long reqid) {
        return new Template(
                IpProtocol.ESP, Mode.TRANSPORT, reqid, Optional.empty(), 0, Template.Level.REQUIRED, family);
    }
}
