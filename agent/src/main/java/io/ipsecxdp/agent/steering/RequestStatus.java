package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.XdpMode;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** How one request of a policy stands, given how each of the interfaces stands that it means. */
final class RequestStatus {

    /** Of the interfaces that one pattern means, so many are told of in words. */
    private static final int MOST_TOLD = 5;

    private RequestStatus() {}

    /**
     * @param all requests of the node
     * @param winners which policy has an interface, by its name
     * @param byInterface how an interface stands for the policy that has it
     */
    static InterfaceStatus of(
            SteeringInput now,
            SteeringRequest request,
            List<SteeringRequest> all,
            Map<String, DesiredSteering> winners,
            Map<String, InterfaceStatus> byInterface) {
        List<String> names = now.meant(request);
        if (names.isEmpty()) {
            return ofNone(now, request, all);
        }
        Map<String, InterfaceStatus> each = new TreeMap<>();
        for (String name : names) {
            PlannedSteering winner = winners.get(name).planned();
            each.put(
                    name,
                    winner.uid().equals(request.planned().uid())
                            ? byInterface.get(name)
                            : taken(winner, request.planned()));
        }
        return request.isName() ? each.get(request.entry()) : together(each);
    }

    /** It is no failure if the policy means another interface that is there. */
    private static InterfaceStatus ofNone(SteeringInput now, SteeringRequest request, List<SteeringRequest> all) {
        boolean others = all.stream()
                .filter(other -> other.planned().uid().equals(request.planned().uid()))
                .flatMap(other -> now.meant(other).stream())
                .anyMatch(now.links()::containsKey);
        String message = request.isDefaultRoute()
                ? "No default route leads through an interface of this node; it is steered as soon as one does."
                : "No interface of this node matches %s; one is steered as soon as it appears."
                        .formatted(request.entry());
        return others
                ? new InterfaceStatus(EntryStatus.installed(message), Optional.empty())
                : InterfaceStatus.failed(Reason.InterfaceNotFound, message);
    }

    private static InterfaceStatus taken(PlannedSteering winner, PlannedSteering other) {
        return InterfaceStatus.failed(
                Reason.InterfaceTaken,
                "The SteeringPolicy %s has the interface, with priority %d; this one has %d, and the lower number wins."
                        .formatted(winner.name(), winner.priority(), other.priority()));
    }

    /** The worst of them, and in words how each stands. */
    private static InterfaceStatus together(Map<String, InterfaceStatus> each) {
        InterfaceStatus worst = each.values().stream()
                .max(Comparator.comparing(steering -> steering.status().state()))
                .orElseThrow();
        Set<Optional<XdpMode>> modes =
                each.values().stream().map(InterfaceStatus::mode).collect(Collectors.toSet());
        String message = each.entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<String, InterfaceStatus> entry) ->
                                entry.getValue().status().state())
                        .reversed())
                .limit(MOST_TOLD)
                .map(entry -> entry.getKey() + ": " + entry.getValue().status().message())
                .collect(Collectors.joining(" "));
        int more = each.size() - MOST_TOLD;
        return new InterfaceStatus(
                new EntryStatus(
                        worst.status().state(),
                        worst.status().reason(),
                        more > 0 ? "%s And %d more.".formatted(message, more) : message),
                modes.size() == 1 ? modes.iterator().next() : Optional.empty());
    }
}
