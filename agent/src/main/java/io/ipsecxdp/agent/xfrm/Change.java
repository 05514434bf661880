package io.ipsecxdp.agent.xfrm;

import io.ipsecxdp.agent.key.KeyMaterial;

/** One thing to do to the SAD or SPD. */
public sealed interface Change {

    /**
     * Installs an SA; refused with EEXIST if its identity is taken.
     *
     * @param key read while the change is applied; its owner closes it afterwards
     * @param lastSequence an outbound SA goes on after this sequence number, 0 for a new one; 0 for an inbound SA
     */
    record AddSa(Sa sa, KeyMaterial key, long lastSequence) implements Change {
        public AddSa {
            if (key.length() != sa.aead().keyBytes()) {
                throw new IllegalArgumentException("%s needs a key of %d bytes"
                        .formatted(sa.aead(), sa.aead().keyBytes()));
            }
            if (sa.direction() == SaDirection.IN && lastSequence != 0) {
                throw new IllegalArgumentException("An inbound SA sends nothing, so it has no last sequence number");
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

    record DeleteSa(SaId id) implements Change {}

    /** Installs a policy; refused with EEXIST if its identity is taken. */
    record AddPolicy(Policy policy) implements Change {}

    /** Puts the policy in the place of the one with the same identity, without a moment of none. */
    record ReplacePolicy(Policy policy) implements Change {}

    record DeletePolicy(PolicyId id) implements Change {}
}
