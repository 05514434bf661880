package io.ipsecxdp.agent.xfrm;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An SA in the terms of one kernel: what the codec sends and a dump shows afterwards.
 *
 * @param flags {@code XFRM_STATE_*} bits of linux/xfrm.h
 * @param selector empty to take both families
 */
public record KernelSa(
        Optional<SaDirection> direction,
        int replayWindow,
        int flags,
        Optional<Selector> selector,
        OptionalInt ownerCpu) {

    /** {@code XFRM_STATE_AF_UNSPEC}: an IPv4 tunnel may carry IPv6, and the other way round. */
    public static final int FLAG_ANY_INNER_FAMILY = 32;

    /** {@code XFRM_STATE_ESN}. */
    public static final int FLAG_ESN = 128;

    public static KernelSa of(Sa sa, XfrmCapabilities capabilities) {
        boolean tunnel = sa.mode() == Mode.TUNNEL;
        return new KernelSa(
                capabilities.saDirection() ? Optional.of(sa.direction()) : Optional.empty(),
                replayWindow(sa, capabilities),
                (sa.esn() ? FLAG_ESN : 0) | (tunnel ? FLAG_ANY_INNER_FAMILY : 0),
                tunnel ? Optional.empty() : Optional.of(everything(sa.family())),
                capabilities.perCpuSa() ? sa.ownerCpu() : OptionalInt.empty());
    }

    /**
     * A kernel that knows directions refuses a window on an outbound SA; one that does not refuses ESN without one, as
     * it cannot see that the SA only sends ({@code xfrm_init_replay} in net/xfrm/xfrm_replay.c).
     */
    private static int replayWindow(Sa sa, XfrmCapabilities capabilities) {
        boolean outboundUnseen = sa.direction() == SaDirection.OUT && !capabilities.saDirection();
        return outboundUnseen && sa.esn() ? 1 : sa.replayWindow();
    }

    private static Selector everything(AddressFamily family) {
        try {
            InetAddress any = InetAddress.getByAddress(new byte[family.addressBits() / Byte.SIZE]);
            return Selector.between(new Prefix(any, 0), new Prefix(any, 0));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(family + " addresses have another length", e);
        }
    }
}
