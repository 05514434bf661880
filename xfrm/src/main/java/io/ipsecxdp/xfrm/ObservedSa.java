package io.ipsecxdp.xfrm;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * An SA as the kernel shows it, whoever installed it. Key bytes are never read: under lockdown the kernel redacts them
 * anyway.
 *
 * @param direction empty if the SA has none, or the kernel knows none
 * @param algorithms empty for a larval SA, or one that only compresses
 * @param ownerCpu empty if all CPUs may use it
 * @param features what this SA has and no SA of ours has
 * @param errors packets it refused
 */
@RecordBuilder
public record ObservedSa(
        SaId id,
        InetAddress source,
        Optional<SaDir> direction,
        Mode mode,
        Optional<Algorithms> algorithms,
        long reqid,
        ReplayState replay,
        OptionalInt ownerCpu,
        SaOptions options,
        LifetimeCounters counters,
        Errors errors,
        Set<Feature> features)
        implements ObservedSaBuilder.With {

    /**
     * Packets refused by the SA ({@code struct xfrm_stats}).
     *
     * @param outsideWindow older than the replay window
     * @param replayed seen before
     * @param integrityFailed did not authenticate
     */
    public record Errors(long outsideWindow, long replayed, long integrityFailed) {
        public static final Errors NONE = new Errors(0, 0, 0);

        /** One value for all SAs that refused nothing. */
        public static Errors of(long outsideWindow, long replayed, long integrityFailed) {
            return (outsideWindow | replayed | integrityFailed) == 0
                    ? NONE
                    : new Errors(outsideWindow, replayed, integrityFailed);
        }

        public Errors plus(Errors other) {
            return new Errors(
                    outsideWindow + other.outsideWindow,
                    replayed + other.replayed,
                    integrityFailed + other.integrityFailed);
        }
    }

    /** Settings that this program does not install, and that make an SA another one than ours. */
    public enum Feature {
        COMPRESSION,
        CARE_OF_ADDRESS,
        /** Encapsulated in something else than UDP as of RFC 3948. */
        OTHER_ENCAPSULATION,
        UNKNOWN_FLAGS,
        NAT_KEEPALIVE
    }

    public ObservedSa {
        features = Set.copyOf(features);
    }

    /** 64-bit sequence numbers. */
    public boolean esn() {
        return options.flags().contains(SaFlag.ESN);
    }

    /** An SA that the kernel or an IKE daemon has reserved and that has no algorithm yet. */
    public boolean larval() {
        return algorithms.isEmpty() && !features.contains(Feature.COMPRESSION);
    }

    /** Every sequence number was sent, and there is no way on ({@code xfrm_replay_overflow} in net/xfrm/xfrm_replay.c). */
    public boolean sequenceIsExhausted() {
        long last = esn() ? -1 : Range.UNSIGNED_32;
        return replay.lastSent() == last && !options.flags().contains(SaFlag.SEQUENCE_MAY_WRAP);
    }

    /** The first soft limit of its lifetime that it is beyond, such as {@code packets} ({@code xfrm_state_check_expire}). */
    public Optional<String> softLimit(Instant now) {
        Lifetime lifetime = options.lifetime();
        if (Long.compareUnsigned(counters.bytes(), lifetime.bytes().soft()) >= 0) {
            return Optional.of("bytes");
        }
        if (Long.compareUnsigned(counters.packets(), lifetime.packets().soft()) >= 0) {
            return Optional.of("packets");
        }
        if (isOver(lifetime.secondsSinceAdd().soft(), counters.added(), now)) {
            return Optional.of("seconds since it was added");
        }
        return counters.firstUsed()
                .filter(used -> isOver(lifetime.secondsSinceUse().soft(), used, now))
                .map(used -> "seconds since its first packet");
    }

    private static boolean isOver(long seconds, Instant since, Instant now) {
        return seconds > 0 && Duration.between(since, now).toSeconds() >= seconds;
    }

    /** What tells it from others, for a user to recognise it by. */
    public String description() {
        return "%s from %s, %s mode, reqid %d"
                .formatted(id, source.getHostAddress(), mode.name().toLowerCase(Locale.ROOT), reqid);
    }
}
