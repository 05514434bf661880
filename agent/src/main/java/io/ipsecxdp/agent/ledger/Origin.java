package io.ipsecxdp.agent.ledger;

import java.util.Optional;

/**
 * The object that an entry comes from, and which of its several entries of one kind it is.
 *
 * @param uid of the object: another one of the same name is another one
 * @param child empty where the object has one such entry on a node, as what is declared one by one has
 */
public record Origin(String uid, String child) {

    /** Of an object that has one such entry on a node. */
    public static Origin of(String uid) {
        return new Origin(uid, "");
    }

    public static Origin of(String uid, Optional<String> child) {
        return new Origin(uid, child.orElse(""));
    }

    /** Absent where there is one entry. */
    public Optional<String> childName() {
        return Optional.of(child).filter(name -> !name.isEmpty());
    }
}
