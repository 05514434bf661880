package io.ipsecxdp.xfrm;

/** One thing to do to the SAD or SPD. */
public sealed interface Change {

    /**
     * Installs an SA; refused with EEXIST if its identity is taken.
     *
     * @param key read while the change is applied; its owner closes it afterwards
     * @param lastSequence an outbound SA sends from the sequence number after this one, and an inbound SA takes none up to
     *     it; 0 for a new one, and for an inbound SA without a replay window
     */
    record AddSa(Sa sa, KeyMaterial key, long lastSequence) implements Change {
        public AddSa {
            if (key.length() != sa.algorithms().keyBytes()) {
                throw new IllegalArgumentException("%s needs a key of %d bytes"
                        .formatted(sa.algorithms(), sa.algorithms().keyBytes()));
            }
            if (sa.direction() == SaDir.IN && sa.replayWindow() == 0 && lastSequence != 0) {
                throw new IllegalArgumentException("An SA without a replay window remembers no sequence number");
            }
            if (!sa.esn()) {
                Range.require("last sequence number", lastSequence, 0, Range.UNSIGNED_32);
            }
        }

        /** A new SA, which starts at sequence number 1. */
        public AddSa(Sa sa, KeyMaterial key) {
            this(sa, key, 0);
        }
    }

    /**
     * Gives the SA with this identity, ends, mode and algorithms another lifetime. Its key, counters, sequence numbers
     * and replay window stay; what else the value says is not changed.
     *
     * <p>The kernel makes a second SA of the message, takes from that what it changes, and throws it away
     * ({@code xfrm_state_update} in net/xfrm/xfrm_state.c). So the key that has to be in the message is never used, and
     * a random one will do.
     */
    record ChangeLifetime(Sa sa) implements Change {}

    record DeleteSa(SaId id) implements Change {}

    /** Installs a policy; refused with EEXIST if its identity is taken. */
    record AddPolicy(Policy policy) implements Change {}

    /** Puts the policy in the place of the one with the same identity, without a moment of none. */
    record ReplacePolicy(Policy policy) implements Change {}

    record DeletePolicy(PolicyId id) implements Change {}
}
