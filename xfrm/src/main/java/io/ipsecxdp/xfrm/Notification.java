package io.ipsecxdp.xfrm;

import java.util.OptionalInt;

/**
 * Something that happened in the kernel.
 *
 * @param own caused by a change that was applied by the {@link Xfrm} which this subscription belongs to
 */
public record Notification(Event event, boolean own) {

    /** What happened. */
    public sealed interface Event {}

    public record SaAdded(ObservedSa sa) implements Event {}

    public record SaUpdated(ObservedSa sa) implements Event {}

    /** Its {@link ObservedSa#replay()} has the last sequence number that was sent. */
    public record SaDeleted(ObservedSa sa) implements Event {}

    /**
     * A lifetime ended. The sequence numbers here are not to be relied on: the kernel does not send them.
     *
     * @param hard the SA is gone; it is reported by this event only, never as deleted
     */
    public record SaExpired(SaId id, boolean hard) implements Event {}

    /** @param protocol whose SAs were removed, {@link IpProtocol#ANY} for all */
    public record SasFlushed(IpProtocol protocol) implements Event {}

    public record PolicyAdded(ObservedPolicy policy) implements Event {}

    public record PolicyUpdated(ObservedPolicy policy) implements Event {}

    public record PolicyDeleted(ObservedPolicy policy) implements Event {}

    /** @param hard the policy is gone */
    public record PolicyExpired(ObservedPolicy policy, boolean hard) implements Event {}

    /** @param type which of the two SPDs was emptied */
    public record PoliciesFlushed(PolicyId.Type type) implements Event {}

    /**
     * A packet matched a policy and found no SA.
     *
     * @param cpu the sender's, where the policy asks for SAs per CPU
     */
    public record Acquire(XfrmSelector packet, ObservedPolicy policy, OptionalInt cpu) implements Event {}

    /**
     * Notifications were lost: only a new dump shows the state.
     *
     * @param why a clause without a full stop
     */
    public record Lost(String why) implements Event {}

    /** A message of a kind that is not needed, or about an entry that nothing here can be compared with. */
    public record Other(int messageType) implements Event {}
}
