package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.crds.EncryptionAlgorithm;
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

    /**
     * A secret that this node has in common with another one. It is derived when it is needed, and written down nowhere.
     *
     * @param sa the SA of a tunnel whose key it is: no two have the same
     * @param keyBits length of the key, without the salt
     */
    record Derived(Origin sa, EncryptionAlgorithm algorithm, int keyBits) implements KeySource {

        /** In bytes, with the salt. */
        public int length() {
            return keyBits / Byte.SIZE + algorithm.saltBytes();
        }

        @Override
        public String toString() {
            return "what the two nodes have agreed";
        }
    }
}
