package io.ipsecxdp.crds;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What it means that a user changes a field of an SA that is declared; the rule at apply is made from it. */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
public @interface WhenChanged {

    Effect value();

    /** What follows from the change. */
    enum Effect {
        /**
         * The API server refuses it: the SA would be another one, and another SA needs a key that no SA had before (RFC 4106,
         * section 8.1).
         */
        REFUSED,
        /** The kernel changes the SA where it stands: counters and sequence numbers go on ({@code xfrm_state_update}). */
        IN_PLACE
    }
}
