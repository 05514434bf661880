package io.ipsecxdp.xfrm;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Everything that an SA may have beyond its identity, ends, algorithms and sequence numbers.
 *
 * @param flags on an SA that is wanted, those that somebody chose; what follows from its other properties is added by
 *     {@link KernelSa}. On an SA of the kernel, all that it has.
 * @param selector the packets that it takes; on an SA that is wanted, empty for all. On an SA of the kernel, empty to
 *     take both families.
 * @param outputMark what the packets that it has dealt with are marked with, in the bits of the mask
 * @param interfaceId of the XFRM interface that it belongs to ({@code XFRMA_IF_ID}), 0 for none
 * @param tfcPadding size in bytes to which packets are padded (RFC 4303 section 2.7), 0 for none, unsigned: strongSwan's
 *     {@code tfc_padding = mtu} is 2^32-1
 */
@RecordBuilder
public record SaOptions(
        Lifetime lifetime,
        Set<SaFlag> flags,
        Optional<XfrmSelector> selector,
        Optional<EspInUdp> encapsulation,
        Optional<XfrmMark> outputMark,
        long interfaceId,
        long tfcPadding,
        Optional<XfrmOffload> offload)
        implements SaOptionsBuilder.With {

    public static final SaOptions NONE = new SaOptions(
            Lifetime.INFINITE, Set.of(), Optional.empty(), Optional.empty(), Optional.empty(), 0, 0, Optional.empty());

    /** What an SA is compared by, one for each component and in their order. */
    static final List<Property> PROPERTIES = List.of(
            new Property(Differences.LIFETIME, SaOptions::lifetime),
            new Property("flags", SaOptions::flags),
            new Property("selector", SaOptions::selector),
            new Property("UDP encapsulation", SaOptions::encapsulation),
            new Property("output mark", SaOptions::outputMark),
            new Property("interface id", SaOptions::interfaceId),
            new Property("TFC padding", SaOptions::tfcPadding),
            new Property("offload", SaOptions::offload));

    /** @param name what users read where the kernel has it otherwise than it was wanted */
    record Property(String name, Function<SaOptions, Object> value) {}

    public SaOptions {
        Range.require("interface id", interfaceId, 0, Range.UNSIGNED_32);
        Range.require("TFC padding", tfcPadding, 0, Range.UNSIGNED_32);
        outputMark = outputMark.filter(mark -> !mark.equals(XfrmMark.NONE));
    }

    /**
     * Whether a device numbers the packets, so that the kernel's own sequence numbers stay where they are: {@code
     * xfrm_output_one} (net/xfrm/xfrm_output.c) leaves {@code xfrm_replay_overflow} out for offload of packets.
     */
    public boolean isCountedByDevice() {
        return offload.filter(XfrmOffload::packet).isPresent();
    }
}
