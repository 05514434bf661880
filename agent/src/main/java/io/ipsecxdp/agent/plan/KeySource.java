package io.ipsecxdp.agent.plan;

import io.ipsecxdp.crds.Protection;

/** Where the key of an SA comes from. As text it is the name by which a message calls that. */
public sealed interface KeySource {

    /** An entry of a Secret. */
    record InSecret(Protection protection) implements KeySource {

        @Override
        public String toString() {
            return "Secret entry " + protection.keySecretRef();
        }
    }
}
