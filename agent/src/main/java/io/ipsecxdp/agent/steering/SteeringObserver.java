package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.ledger.DurableState;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.bpf.AttachedMode;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.QueueCount;
import io.ipsecxdp.bpf.Steerings;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.NumaPreference;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.links.Link;
import io.ipsecxdp.xfrm.links.Links;
import io.ipsecxdp.xfrm.links.XdpFeatures;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Looks at the node and at the traffic of its interfaces, and gathers what a plan depends on. For one thread. */
final class SteeringObserver {

    private final Optional<Capabilities> capabilities;
    private final DurableState state;
    private final String boot;
    private final Clock clock;
    private final Hardware hardware;
    private final LearningPeriod learning = new LearningPeriod();
    private final Balancer balancer = new Balancer();
    private final DefaultRoutes defaultRoutes = new DefaultRoutes();
    private final RedirectWatch redirects = new RedirectWatch();

    SteeringObserver(
            Optional<Capabilities> capabilities, DurableState state, String boot, Clock clock, Hardware hardware) {
        this.capabilities = capabilities;
        this.state = state;
        this.boot = boot;
        this.clock = clock;
        this.hardware = hardware;
    }

    /** Takes in what was counted on the steered interfaces, and forgets the others. */
    void look(Map<String, OpenInterface> open, Collection<Link> links) {
        open.forEach((name, opened) -> balancer.look(
                name,
                () -> Balancer.Load.of(opened.steering()),
                opened.program().config(),
                clock.instant()));
        balancer.retain(open.keySet());
        redirects.retain(links.stream().map(Link::device).toList());
        open.values().forEach(this::lookAtRedirects);
    }

    /** The program's counters are read first: what it redirects meanwhile is then missed by nobody. */
    void lookAtRedirects(OpenInterface opened) {
        if (opened.program().attached() != AttachedMode.NATIVE) {
            return;
        }
        long redirected = opened.steering().counters().steered().packets();
        List<QueueCount> queues = opened.steering().queues();
        if (!queues.isEmpty()) {
            redirects.look(
                    opened.program().device(),
                    redirected,
                    queues.stream()
                            .mapToLong(queue -> queue.enqueued() + queue.dropped())
                            .sum(),
                    opened.steering().redirectsRefused(),
                    clock.instant());
        }
    }

    /**
     * All that the next plan depends on.
     *
     * @param links interfaces of the node, by name
     * @param marks those of all SAs of the node; empty as long as they are not known
     * @param refused what was refused a short while ago and is not tried again yet
     */
    SteeringInput input(
            Collection<Slice> slices,
            Map<String, Link> links,
            CpuList onlineCpus,
            Optional<Set<XfrmMark>> marks,
            Steerings steerings,
            Map<String, OpenInterface> open,
            Map<DesiredSteering, InterfaceStatus> refused) {
        List<SteeringRequest> requests = SteeringRequest.of(slices);
        Map<String, Integer> pinned = new TreeMap<>();
        steerings.pinned().forEach(steering -> pinned.put(steering.ifname(), steering.ifindex()));
        Map<String, AttachedProgram> steered = new HashMap<>();
        open.forEach((name, opened) -> steered.put(name, opened.program()));
        Instant now = clock.instant();
        Set<Integer> ofDefaultRoutes = ofDefaultRoutes(requests, pinned, now);
        Map<String, CpuList> localCpus = new HashMap<>();
        Map<String, TagLoss> tagLosses = new HashMap<>();
        Map<String, XdpFeatures> xdpFeatures = new HashMap<>();
        for (SteeringRequest request : requests) {
            for (String name : request.meant(links.values(), ofDefaultRoutes)) {
                if (request.planned().numa() == NumaPreference.Local) {
                    hardware.localCpus(name).ifPresent(cpus -> localCpus.put(name, cpus));
                }
                Optional<Link> there = Optional.ofNullable(links.get(name));
                there.flatMap(link -> XdpFeatures.of(link.device())).ifPresent(can -> xdpFeatures.put(name, can));
                there.flatMap(link -> TagLoss.on(link, links.values(), hardware::activeFeatures))
                        .ifPresent(loss -> tagLosses.put(name, loss));
            }
        }
        return new SteeringInput(
                List.copyOf(slices),
                state.journal(),
                pinned,
                steered,
                links,
                ofDefaultRoutes,
                onlineCpus,
                localCpus,
                tagLosses,
                xdpFeatures,
                redirects.lost(),
                new UnknownSpiRules(
                        learning.done(requests, now),
                        marks,
                        capabilities.filter(Capabilities::saLookup).isPresent()),
                balancer.moved(),
                refused,
                boot);
    }

    private Set<Integer> ofDefaultRoutes(List<SteeringRequest> requests, Map<String, Integer> pinned, Instant now) {
        Set<String> policies = requests.stream()
                .filter(SteeringRequest::isDefaultRoute)
                .map(request -> request.planned().name())
                .collect(Collectors.toSet());
        if (policies.isEmpty()) {
            return defaultRoutes.at(Set.of(), Set.of(), now);
        }
        Set<Integer> steered = state.journal().interfaces().values().stream()
                .filter(owned -> policies.contains(owned.policy()) && pinned.getOrDefault(owned.name(), 0) != 0)
                .map(owned -> pinned.get(owned.name()))
                .collect(Collectors.toSet());
        return defaultRoutes.at(Links.ofDefaultRoutes(), steered, now);
    }
}
