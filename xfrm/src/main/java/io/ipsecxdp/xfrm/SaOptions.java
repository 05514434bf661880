package io.ipsecxdp.xfrm;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;
import java.util.Set;

/**
 * Everything that an SA may have beyond its identity, ends, algorithms and sequence numbers.
 *
 * @param flags on an SA that is wanted, those that somebody chose; what follows from its other properties is added by
 *     {@link KernelSa}. On an SA of the kernel, all that it has.
 * @param selector the packets that it takes; on an SA that is wanted, empty for all. On an SA of the kernel, empty to
 *     take both families.
 * @param outputMark what the packets that it has dealt with are marked with, in the bits of the mask
 * @param interfaceId of the XFRM interface that it belongs to ({@code XFRMA_IF_ID}), 0 for none
 * @param tfcPadding size in bytes to which packets are padded (RFC 4303 section 2.7), 0 for none, to 65535
 */
@RecordBuilder
public record SaOptions(
        Lifetime lifetime,
        Set<SaFlag> flags,
        Optional<XfrmSelector> selector,
        Optional<EspInUdp> encapsulation,
        Optional<XfrmMark> outputMark,
        long interfaceId,
        int tfcPadding,
        Optional<XfrmOffload> offload)
        implements SaOptionsBuilder.With {

    public static final SaOptions NONE = new SaOptions(
            Lifetime.INFINITE, Set.of(), Optional.empty(), Optional.empty(), Optional.empty(), 0, 0, Optional.empty());

    public SaOptions {
        Range.require("interface id", interfaceId, 0, Range.UNSIGNED_32);
        Range.require("TFC padding", tfcPadding, 0, Range.UNSIGNED_16);
        outputMark = outputMark.filter(mark -> !mark.equals(XfrmMark.NONE));
    }
}
