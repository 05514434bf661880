package io.ipsecxdp.agent.report;

import io.ipsecxdp.agent.time.Recent;
import io.ipsecxdp.crds.XfrmErrorCount;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** Remembers that packets came which belong to no SA (RFC 9061: sadb-bad-spi). For one thread. */
public final class XfrmErrors {

    /** Fewer are no news: stragglers of an SA that was removed. */
    static final long FEW = 10;

    private static final String NO_STATES = "XfrmInNoStates";

    private static final String SENTENCE =
            "Packets come that belong to no SA of this node: a peer may still use one that was removed, or has another SPI "
                    + "or destination than was declared. unknownSPIs lists who sends them, where a SteeringPolicy says "
                    + "unknownSPI: Count or Drop.";

    /**
     * What was counted.
     *
     * @param counters those that counted something
     * @param unknownSpis a sentence about packets of the last minutes that belong to no SA
     */
    record Seen(List<XfrmErrorCount> counters, Optional<String> unknownSpis) {}

    private final Supplier<Map<String, Long>> kernel;
    private final Clock clock;
    private OptionalLong before = OptionalLong.empty();
    private Recent<Long> recent = new Recent<>(0L, Instant.EPOCH);

    /** @param kernel packets by the kernel's name of the error */
    public XfrmErrors(Supplier<Map<String, Long>> kernel, Clock clock) {
        this.kernel = kernel;
        this.clock = clock;
    }

    /** @param dropped packets that belong to no SA and were dropped before the kernel saw them */
    Seen look(long dropped) {
        Map<String, Long> counted = kernel.get();
        Instant now = clock.instant();
        long total = counted.getOrDefault(NO_STATES, 0L) + dropped;
        // What an agent before this one has told of is no news
        long more = total - before.orElse(total);
        before = OptionalLong.of(total);
        long told = recent.isOver(now) ? 0 : recent.what();
        recent = more > 0 ? new Recent<>(told + more, now) : new Recent<>(told, recent.last());
        return new Seen(
                counted.entrySet().stream()
                        .filter(counter -> counter.getValue() > 0)
                        .map(counter -> new XfrmErrorCount(counter.getKey(), counter.getValue()))
                        .toList(),
                recent.what() >= FEW ? Optional.of(SENTENCE) : Optional.empty());
    }
}
