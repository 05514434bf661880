package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.time.Recent;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * SAs that the kernel asked for, for packets that policies of ours selected, and that are not there. It asks again every
 * 30 s ({@code net.core.xfrm_acq_expires}) while packets come.
 */
public record Acquires(Map<PolicyId, Acquire> byPolicy) {

    public static final Acquires NONE = new Acquires(Map.of());

    /** An IKE daemon on the node may answer; what it answers is no news. */
    public static final Duration ANSWERED_WITHIN = Duration.ofSeconds(3);

    /**
     * What the kernel asked for.
     *
     * @param packet the last one that needed an SA
     * @param cpu the sender's, if an SA of that CPU was asked for
     * @param times how often
     */
    public record Acquire(XfrmSelector packet, OptionalInt cpu, long times, Instant first, Instant last) {

        private Acquire again(Notification.Acquire told, Instant now) {
            return new Acquire(told.packet(), told.cpu(), times + 1, first, now);
        }
    }

    public Acquires {
        byPolicy = Collections.unmodifiableMap(byPolicy);
    }

    public boolean isEmpty() {
        return byPolicy.isEmpty();
    }

    /** With what the kernel told; what policies of others asked for is theirs to answer. */
    public Acquires after(Collection<Notification> notifications, Set<PolicyId> ours, Instant now) {
        Map<PolicyId, Acquire> heard = new HashMap<>(byPolicy);
        for (Notification notification : notifications) {
            if (notification.event() instanceof Notification.Acquire told
                    && ours.contains(told.policy().id())) {
                heard.compute(
                        told.policy().id(),
                        (id, before) -> before == null
                                ? new Acquire(told.packet(), told.cpu(), 1, now, now)
                                : before.again(told, now));
            }
        }
        return heard.equals(byPolicy) ? this : new Acquires(heard);
    }

    /** Without those that have their SA by now, and those that are long ago. */
    public Acquires unanswered(Observed observed, Instant now) {
        if (isEmpty()) {
            return this;
        }
        Map<PolicyId, Acquire> left = new HashMap<>(byPolicy);
        left.entrySet().removeIf(entry -> {
            ObservedPolicy policy = observed.policies().get(entry.getKey());
            Acquire acquire = entry.getValue();
            return policy == null
                    || new Recent<>(acquire, acquire.last()).isOver(now)
                    || policy.templates().stream()
                            .allMatch(template -> new WantedSa(template, entry.getKey(), policy.offload(), acquire)
                                    .isThere(observed));
        });
        return new Acquires(left);
    }

    /** What a policy waits for in vain. */
    public Optional<Acquire> of(PolicyId policy, Instant now) {
        return Optional.ofNullable(byPolicy.get(policy))
                .filter(acquire -> !now.isBefore(acquire.first().plus(ANSWERED_WITHIN)));
    }
}
