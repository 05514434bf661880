package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.Reason;
import java.util.Optional;

/**
 * Why an object, as it is declared now, is not planned.
 *
 * @param message names what to put right
 * @param node the only node that it is about, and which the message then does not name; empty if it is about the
 *     whole object
 */
public record Finding(Reason reason, String message, Optional<String> node) {
    static Finding of(Reason reason, String message) {
        return new Finding(reason, message, Optional.empty());
    }

    static Finding on(String node, Reason reason, String message) {
        return new Finding(reason, message, Optional.of(node));
    }
}
