package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.SteeringPolicySpec;
import io.ipsecxdp.xfrm.links.Link;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a policy says of interfaces in one entry of its list.
 *
 * @param entry a name, a pattern with {@code *} and {@code ?}, or {@value SteeringPolicySpec#DEFAULT_ROUTE}
 * @param slice name of the slice that has it
 */
record SteeringRequest(String entry, PlannedSteering planned, String slice) {

    private static final String LOOPBACK = "lo";

    static List<SteeringRequest> of(Collection<Slice> slices) {
        return slices.stream()
                .sorted(Comparator.comparing(Slice::name))
                .flatMap(slice -> slice.spec().steering().stream()
                        .flatMap(planned -> planned.interfaces().stream()
                                .map(entry -> new SteeringRequest(entry, planned, slice.name()))))
                .toList();
    }

    InterfaceStatus.Key key() {
        return new InterfaceStatus.Key(planned.uid(), entry);
    }

    DesiredSteering on(String interfaceName) {
        return new DesiredSteering(interfaceName, key(), planned, slice);
    }

    /** Whether the entry is the name of an interface, and not what interfaces have in common. */
    boolean isName() {
        return !isDefaultRoute() && !isPattern(entry);
    }

    boolean isDefaultRoute() {
        return entry.equals(SteeringPolicySpec.DEFAULT_ROUTE);
    }

    /** The more it says, the lower: of two entries the one that names an interface goes before a pattern. */
    int vagueness() {
        return isName() ? 0 : isDefaultRoute() ? 2 : 1;
    }

    /**
     * The interfaces that are meant. One that is named is meant also if it does not exist. Patterns do not mean what has no
     * Ethernet header, as they do not mean the loopback: nodes have such that nobody thinks of, such as tunl0.
     *
     * @param ofDefaultRoutes indexes of the interfaces of default routes
     */
    List<String> meant(Collection<Link> links, Set<Integer> ofDefaultRoutes) {
        if (isName()) {
            return List.of(entry);
        }
        return links.stream()
                .filter(link -> isDefaultRoute()
                        ? ofDefaultRoutes.contains(link.device().index())
                        : link.hasEthernetHeader()
                                && matches(entry, link.device().name()))
                .map(link -> link.device().name())
                .sorted()
                .toList();
    }

    /** Whether an entry, with nothing known of routes, can mean the interface. */
    static boolean canMean(String entry, String interfaceName) {
        return entry.equals(SteeringPolicySpec.DEFAULT_ROUTE)
                || entry.equals(interfaceName)
                || isPattern(entry) && matches(entry, interfaceName);
    }

    private static boolean isPattern(String entry) {
        return entry.contains("*") || entry.contains("?");
    }

    private static boolean matches(String pattern, String interfaceName) {
        StringBuilder regex = new StringBuilder();
        for (char c : pattern.toCharArray()) {
            regex.append(
                    switch (c) {
                        case '*' -> ".*";
                        case '?' -> ".";
                        default -> Pattern.quote(String.valueOf(c));
                    });
        }
        return !interfaceName.equals(LOOPBACK) && Pattern.matches(regex.toString(), interfaceName);
    }
}
