package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.PlannedPolicy;
import java.util.Optional;

/**
 * What an agent says that its kernel has, beyond uid and generation: neither changes when a node's address does, nor
 * when an object comes to its next stage.
 */
public sealed interface Acknowledgement {
    Acknowledgement NOTHING = new Plain();

    /** Of an entry that its uid and generation tell completely. */
    record Plain() implements Acknowledgement {}

    record OfSa(long spi, String source, String destination) implements Acknowledgement {}

    /**
     * @param template with the level that is in force
     * @param former the template of the version before, if it is taken as well
     */
    record OfPolicy(
            String selectorSource,
            String selectorDestination,
            Optional<PlannedPolicy.Template> template,
            Optional<PlannedPolicy.Template> former)
            implements Acknowledgement {}
}
