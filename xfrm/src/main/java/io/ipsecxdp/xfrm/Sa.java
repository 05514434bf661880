package io.ipsecxdp.xfrm;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;

/**
 * An SA as we install it, without its key: two equal values are the same SA.
 *
 * @param id ESP or AH, SPI from 256 on (RFC 4303 section 2.1 reserves those below)
 * @param source the outer source address, of the destination's family
 * @param mode TUNNEL, TRANSPORT or BEET
 * @param reqid ties policies to SAs, 0 to 2^32-1
 * @param replayWindow in packets, 0 to 4096; 0 for an outbound SA, and not 0 for an inbound one with ESN
 * @param esn 64-bit sequence numbers (RFC 4303 section 2.2.1)
 * @param ownerCpu the CPU that this SA belongs to (RFC 9611); none for the SA that all CPUs may use
 * @param options its selector is of the family of the ends unless the mode changes headers, and must be there for BEET,
 *     where it names the inner addresses
 */
@RecordBuilder
public record Sa(
        SaId id,
        InetAddress source,
        SaDir direction,
        Mode mode,
        Algorithms algorithms,
        long reqid,
        int replayWindow,
        boolean esn,
        OptionalInt ownerCpu,
        SaOptions options)
        implements SaBuilder.With {

    /** {@code XFRMA_REPLAY_ESN_MAX}. */
    public static final int LARGEST_REPLAY_WINDOW = 4096;

    /** {@code verify_newsa_info} in net/xfrm/xfrm_user.c refuses the others by direction. */
    private static final Set<SaFlag> FOR_INBOUND = EnumSet.of(SaFlag.NO_ECN, SaFlag.DECAP_DSCP, SaFlag.ICMP);

    private static final Set<SaFlag> FOR_OUTBOUND =
            EnumSet.of(SaFlag.NO_ECN, SaFlag.NO_PATH_MTU_DISCOVERY, SaFlag.DONT_ENCAP_DSCP, SaFlag.SEQUENCE_MAY_WRAP);

    public Sa {
        // What its builder was told nothing of
        options = options == null ? SaOptions.NONE : options;
        boolean ah = id.protocol().equals(IpProtocol.AH);
        if (!ah && !id.protocol().equals(IpProtocol.ESP)) {
            throw new IllegalArgumentException("An SA that is installed protects with ESP or AH, not " + id.protocol());
        }
        requireAlgorithmsOf(id.protocol(), algorithms);
        Range.require("SPI", id.spi(), 256, Range.UNSIGNED_32);
        if (AddressFamily.of(source) != AddressFamily.of(id.destination())) {
            throw new IllegalArgumentException("Both ends of an SA must be of one address family: %s, %s"
                    .formatted(source.getHostAddress(), id.destination().getHostAddress()));
        }
        Range.require("reqid", reqid, 0, Range.UNSIGNED_32);
        Range.require("replay window", replayWindow, 0, direction == SaDir.OUT ? 0 : LARGEST_REPLAY_WINDOW);
        if (esn && direction == SaDir.IN && replayWindow == 0) {
            // xfrm_init_replay in net/xfrm/xfrm_replay.c: the receiver guesses the upper half from the window
            throw new IllegalArgumentException("An inbound SA with ESN needs a replay window");
        }
        ownerCpu.ifPresent(cpu -> Range.require("owner CPU", cpu, 0, Integer.MAX_VALUE));
        requireOptionsOf(mode, AddressFamily.of(source), options);
        Set<SaFlag> possible = direction == SaDir.IN ? FOR_INBOUND : FOR_OUTBOUND;
        options.flags().stream()
                .filter(flag -> !possible.contains(flag))
                .findFirst()
                .ifPresent(flag -> {
                    throw new IllegalArgumentException("An %s SA cannot have the flag %s"
                            .formatted(direction == SaDir.IN ? "inbound" : "outbound", flag));
                });
        if (esn && options.flags().contains(SaFlag.SEQUENCE_MAY_WRAP)) {
            throw new IllegalArgumentException("Sequence numbers of 64 bits do not begin anew");
        }
        Range.require("TFC padding", options.tfcPadding(), 0, Range.UNSIGNED_16);
        if (options.tfcPadding() != 0 && (ah || mode != Mode.TUNNEL || direction == SaDir.IN)) {
            throw new IllegalArgumentException("TFC padding is for outbound ESP in tunnel mode");
        }
        if (ah && options.encapsulation().isPresent()) {
            throw new IllegalArgumentException("AH cannot be carried in UDP");
        }
    }

    /** Of the ends; what it carries may be of the other. */
    public AddressFamily family() {
        return AddressFamily.of(source);
    }

    private static void requireAlgorithmsOf(IpProtocol protocol, Algorithms algorithms) {
        switch (algorithms) {
            case Aead aead
            when protocol.equals(IpProtocol.AH) ->
                throw new IllegalArgumentException("AH takes an integrity algorithm alone, not " + aead);
            case CipherAndIntegrity(var cipher, var integrity)
            when protocol.equals(IpProtocol.AH) && cipher.isPresent() ->
                throw new IllegalArgumentException("AH does not encrypt");
            case CipherAndIntegrity(var cipher, var integrity)
            when integrity.isEmpty() ->
                throw new IllegalArgumentException("An SA needs integrity, also where it encrypts");
            case CipherAndIntegrity(var cipher, var integrity)
            when protocol.equals(IpProtocol.ESP) && cipher.isEmpty() ->
                throw new IllegalArgumentException("ESP without encryption has to be asked for as NULL encryption");
            case Aead aead -> {}
            case CipherAndIntegrity separate -> {}
        }
    }

    private static void requireOptionsOf(Mode mode, AddressFamily family, SaOptions options) {
        switch (mode) {
            case TUNNEL -> {}
            case TRANSPORT ->
                options.selector()
                        .filter(selector -> selector.family() != family)
                        .ifPresent(selector -> {
                            throw new IllegalArgumentException(
                                    "Transport mode changes no address family: the selector %s is not %s"
                                            .formatted(selector, family));
                        });
            case BEET -> {
                if (options.selector().isEmpty()) {
                    throw new IllegalArgumentException("BEET mode needs a selector with the two inner addresses");
                }
            }
            default ->
                throw new IllegalArgumentException("An SA is installed in tunnel, transport or BEET mode, not " + mode);
        }
    }
}
