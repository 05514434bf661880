package io.ipsecxdp.xfrm;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Something that happened in the kernel.
 *
 * @param own caused by a change that was applied by the {@link Xfrm} which this subscription belongs to
 */
public record Notification(Event event, boolean own) {

    /** What happened. */
    public sealed interface Event {

        /** The entries that are otherwise now than they were, or are to be replaced soon; empty if it may be any. */
        Optional<EntryIds> touched();

        /** Whether it tells that entries are gone. */
        default boolean removes() {
            return false;
        }
    }

    /** One SA is otherwise now. */
    public sealed interface AboutSa extends Event {

        ObservedSa sa();

        @Override
        default Optional<EntryIds> touched() {
            return Optional.of(EntryIds.of(sa().id()));
        }
    }

    /** One policy is otherwise now. */
    public sealed interface AboutPolicy extends Event {

        ObservedPolicy policy();

        @Override
        default Optional<EntryIds> touched() {
            return Optional.of(EntryIds.of(policy().id()));
        }
    }

    public record SaAdded(ObservedSa sa) implements AboutSa {}

    public record SaUpdated(ObservedSa sa) implements AboutSa {}

    /** Its {@link ObservedSa#replay()} has the last sequence number that was sent. */
    public record SaDeleted(ObservedSa sa) implements AboutSa {
        @Override
        public boolean removes() {
            return true;
        }
    }

    /**
     * A lifetime ended. The sequence numbers here are not to be relied on: the kernel does not send them.
     *
     * @param hard the SA is gone; it is reported by this event only, never as deleted
     */
    public record SaExpired(SaId id, boolean hard) implements Event {
        @Override
        public Optional<EntryIds> touched() {
            return Optional.of(EntryIds.of(id));
        }

        @Override
        public boolean removes() {
            return hard;
        }
    }

    /** @param protocol whose SAs were removed, {@link IpProtocol#ANY} for all */
    public record SasFlushed(IpProtocol protocol) implements Event {
        @Override
        public Optional<EntryIds> touched() {
            return Optional.empty();
        }

        @Override
        public boolean removes() {
            return true;
        }
    }

    public record PolicyAdded(ObservedPolicy policy) implements AboutPolicy {}

    public record PolicyUpdated(ObservedPolicy policy) implements AboutPolicy {}

    public record PolicyDeleted(ObservedPolicy policy) implements AboutPolicy {
        @Override
        public boolean removes() {
            return true;
        }
    }

    /** @param hard the policy is gone; at a soft limit it stays as it is, and nobody negotiates another one */
    public record PolicyExpired(ObservedPolicy policy, boolean hard) implements Event {
        @Override
        public Optional<EntryIds> touched() {
            return Optional.of(hard ? EntryIds.of(policy.id()) : EntryIds.NONE);
        }

        @Override
        public boolean removes() {
            return hard;
        }
    }

    /** @param type which of the two SPDs was emptied */
    public record PoliciesFlushed(PolicyId.Type type) implements Event {
        @Override
        public Optional<EntryIds> touched() {
            return Optional.empty();
        }

        @Override
        public boolean removes() {
            return true;
        }
    }

    /**
     * A packet matched a policy and found no SA.
     *
     * @param cpu the sender's, where the policy asks for SAs per CPU
     */
    public record Acquire(XfrmSelector packet, ObservedPolicy policy, OptionalInt cpu) implements Event {
        @Override
        public Optional<EntryIds> touched() {
            return Optional.of(EntryIds.NONE);
        }
    }

    /**
     * Notifications were lost: only a new dump shows the state.
     *
     * @param why a clause without a full stop
     */
    public record Lost(String why) implements Event {
        @Override
        public Optional<EntryIds> touched() {
            return Optional.empty();
        }
    }

    /** A message of a kind that is not needed, or about an entry that nothing here can be compared with. */
    public record Other(int messageType) implements Event {
        @Override
        public Optional<EntryIds> touched() {
            return Optional.of(EntryIds.NONE);
        }
    }
}
