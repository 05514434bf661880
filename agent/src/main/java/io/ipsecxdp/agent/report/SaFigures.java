package io.ipsecxdp.agent.report;

import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.crds.SaTraffic;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.SaDir;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;

/**
 * What went through one SA of the node.
 *
 * @param name of the SecurityAssociation or Tunnel
 * @param child which of several SAs of one owner
 * @param lastSequence of the last packet sent, or the highest received; empty if a device counts
 * @param refused packets
 */
public record SaFigures(
        String name,
        Optional<String> child,
        SaDir direction,
        long spi,
        long packets,
        long bytes,
        OptionalLong lastSequence,
        ObservedSa.Errors refused) {

    static SaFigures of(DesiredSa wanted, ObservedSa there) {
        return new SaFigures(
                wanted.name(),
                wanted.origin().childName(),
                wanted.sa().direction(),
                there.id().spi(),
                there.counters().packets(),
                there.counters().bytes(),
                there.options().isCountedByDevice()
                        ? OptionalLong.empty()
                        : OptionalLong.of(Math.max(
                                there.replay().lastSent(), there.replay().lastReceived())),
                there.errors());
    }

    /** Of all together. */
    public static SaTraffic total(List<SaFigures> sas) {
        return new SaTraffic(
                sum(sas, SaDir.OUT, SaFigures::packets),
                sum(sas, SaDir.OUT, SaFigures::bytes),
                sum(sas, SaDir.IN, SaFigures::packets),
                sum(sas, SaDir.IN, SaFigures::bytes));
    }

    private static long sum(List<SaFigures> sas, SaDir direction, ToLongFunction<SaFigures> figure) {
        return sas.stream()
                .filter(sa -> sa.direction() == direction)
                .mapToLong(figure)
                .sum();
    }
}
