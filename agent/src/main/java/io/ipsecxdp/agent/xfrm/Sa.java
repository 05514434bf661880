package io.ipsecxdp.agent.xfrm;

import java.net.InetAddress;
import java.util.OptionalInt;

/**
 * An SA as we install it, without its key: two equal values are the same SA.
 *
 * @param id ESP, SPI from 256 on (RFC 4303 section 2.1 reserves those below)
 * @param source the outer source address, of the destination's family
 * @param mode TUNNEL or TRANSPORT
 * @param reqid ties policies to SAs, 0 to 2^32-1
 * @param replayWindow in packets, 0 to 4096; 0 for an outbound SA, and not 0 for an inbound one with ESN
 * @param esn 64-bit sequence numbers (RFC 4303 section 2.2.1)
 * @param ownerCpu the CPU that this SA belongs to (RFC 9611); none for the SA that all CPUs may use
 */
public record Sa(
        SaId id,
        InetAddress source,
        SaDirection direction,
        Mode mode,
        Aead aead,
        long reqid,
        int replayWindow,
        boolean esn,
        OptionalInt ownerCpu) {

    /** {@code XFRMA_REPLAY_ESN_MAX}. */
    public static final int LARGEST_REPLAY_WINDOW = 4096;

    public Sa {
        if (!id.protocol().equals(IpProtocol.ESP)) {
            throw new IllegalArgumentException("An SA that is installed protects with ESP, not " + id.protocol());
        }
        Range.require("SPI", id.spi(), 256, Range.UNSIGNED_32);
        if (AddressFamily.of(source) != AddressFamily.of(id.destination())) {
            throw new IllegalArgumentException("Both ends of an SA must be of one address family: %s, %s"
                    .formatted(source.getHostAddress(), id.destination().getHostAddress()));
        }
        if (mode != Mode.TUNNEL && mode != Mode.TRANSPORT) {
            throw new IllegalArgumentException("An SA is installed in tunnel or transport mode, not " + mode);
        }
        Range.require("reqid", reqid, 0, Range.UNSIGNED_32);
        Range.require("replay window", replayWindow, 0, direction == SaDirection.OUT ? 0 : LARGEST_REPLAY_WINDOW);
        if (esn && direction == SaDirection.IN && replayWindow == 0) {
            // xfrm_init_replay in net/xfrm/xfrm_replay.c: the receiver guesses the upper half from the window
            throw new IllegalArgumentException("An inbound SA with ESN needs a replay window");
        }
        ownerCpu.ifPresent(cpu -> Range.require("owner CPU", cpu, 0, Integer.MAX_VALUE));
    }

    public AddressFamily family() {
        return AddressFamily.of(source);
    }
}
