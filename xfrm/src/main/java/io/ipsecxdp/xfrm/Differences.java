package io.ipsecxdp.xfrm;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Compares what was wanted with what the kernel shows. Key bytes, counters and sequence numbers take no part; what this
 * kernel cannot express is not expected from it.
 */
public final class Differences {

    /** The one property of an SA that can be changed and leaves it the same SA. */
    public static final String LIFETIME = "lifetime";

    private final List<Difference> found = new ArrayList<>();

    private Differences() {}

    /** Empty if {@code observed} is what installing {@code wanted} gives on a kernel with these capabilities. */
    public static List<Difference> between(Sa wanted, ObservedSa observed, XfrmCapabilities capabilities) {
        KernelSa expected = KernelSa.of(wanted, capabilities);
        Differences all = new Differences();
        all.compare("identity", wanted.id(), observed.id());
        all.compare("source", wanted.source(), observed.source());
        all.compare("direction", expected.direction(), observed.direction());
        all.compare("mode", wanted.mode(), observed.mode());
        all.compare("algorithm", Optional.of(wanted.algorithms()), observed.algorithms());
        all.compare("reqid", wanted.reqid(), observed.reqid());
        all.compare("replay window", expected.replayWindow(), observed.replay().window());
        all.compare("owner CPU", expected.ownerCpu(), observed.ownerCpu());
        all.compareOptions(expected.options(), observed.options());
        all.compare("further features", Set.of(), observed.features());
        return List.copyOf(all.found);
    }

    /** Empty if {@code observed} is what installing {@code wanted} gives. */
    public static List<Difference> between(Policy wanted, ObservedPolicy observed) {
        Differences all = new Differences();
        all.compare("identity", wanted.id(), observed.id());
        all.compare("priority", wanted.priority(), observed.priority());
        all.compare("action", wanted.action(), observed.action());
        all.compare("templates", wanted.templates(), observed.templates());
        all.compare("flags", PolicyFlag.bits(wanted.flags()), observed.flags());
        all.compare("offload", wanted.offload(), observed.offload());
        all.compare("lifetime", Lifetime.INFINITE, observed.lifetime());
        return List.copyOf(all.found);
    }

    private void compareOptions(SaOptions expected, SaOptions actual) {
        // Where the device does no cryptography the kernel does it and says nothing (xfrm_dev_state_add)
        boolean doneByKernel = actual.offload().isEmpty()
                && expected.offload().filter(offload -> !offload.packet()).isPresent();
        SaOptions effective = doneByKernel ? expected.withOffload(Optional.empty()) : expected;
        for (SaOptions.Property property : SaOptions.PROPERTIES) {
            compare(
                    property.name(),
                    property.value().apply(effective),
                    property.value().apply(actual));
        }
    }

    private void compare(String property, Object wanted, Object actual) {
        if (!wanted.equals(actual)) {
            found.add(new Difference(property, text(wanted), text(actual)));
        }
    }

    private static String text(Object value) {
        return switch (value) {
            case Optional<?> optional -> optional.map(Object::toString).orElse("none");
            case OptionalInt optional -> optional.isPresent() ? Integer.toString(optional.getAsInt()) : "none";
            case InetAddress address -> address.getHostAddress();
            case Set<?> set when set.isEmpty() -> "none";
            default -> value.toString();
        };
    }
}
