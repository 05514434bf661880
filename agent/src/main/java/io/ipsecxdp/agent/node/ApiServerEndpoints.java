package io.ipsecxdp.agent.node;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.links.RouteLookup;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/** Finds out where the API server is. What was found once is remembered while it cannot be asked. */
public final class ApiServerEndpoints {

    private static final Logger LOG = Logger.getLogger(ApiServerEndpoints.class);
    private static final int HTTPS = 443;

    private final KubernetesClient client;
    private Set<Endpoint> configured = Set.of();
    private Set<Endpoint> behind;
    /** By destination. */
    private final Map<InetAddress, InetAddress> sources = new HashMap<>();

    private boolean complained;

    /** @param remembered what an agent before this one found behind the configured address; empty if nothing */
    public ApiServerEndpoints(KubernetesClient client, Set<Endpoint> remembered) {
        this.client = client;
        this.behind = remembered;
    }

    /**
     * Where the API server is.
     *
     * @param endpoints the address that the client is configured with, and those of the API servers behind it
     * @param sources addresses of this node from which they are reached
     * @param learned what is behind the configured address is known
     */
    public record Found(Set<Endpoint> endpoints, Set<InetAddress> sources, boolean learned) {}

    public Found look() {
        configured().ifPresent(found -> configured = found);
        behind().ifPresent(found -> behind = found);
        return known();
    }

    /** What is known without asking the API server, or the DNS. */
    public Found remembered() {
        if (IpLiterals.isLiteral(host())) {
            configured().ifPresent(found -> configured = found);
        }
        return known();
    }

    private Found known() {
        Set<Endpoint> all = new HashSet<>(configured);
        all.addAll(behind);
        Set<InetAddress> destinations = all.stream().map(Endpoint::address).collect(Collectors.toSet());
        sources.keySet().retainAll(destinations);
        destinations.forEach(to -> RouteLookup.sourceTo(to).ifPresent(source -> sources.put(to, source)));
        return new Found(all, Set.copyOf(sources.values()), !behind.isEmpty());
    }

    private Optional<Set<Endpoint>> configured() {
        int given = client.getMasterUrl().getPort();
        int port = given > 0 ? given : HTTPS;
        String host = host();
        try {
            InetAddress[] addresses = IpLiterals.isLiteral(host)
                    ? new InetAddress[] {IpLiterals.parse(host)}
                    : InetAddress.getAllByName(host);
            return Optional.of(endpoints(Arrays.asList(addresses), port));
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    private String host() {
        return client.getMasterUrl().getHost().replaceAll("[\\[\\]]", "");
    }

    private Optional<Set<Endpoint>> behind() {
        try {
            EndpointSlice slice = client.discovery()
                    .v1()
                    .endpointSlices()
                    .inNamespace("default")
                    .withName("kubernetes")
                    .get();
            if (slice == null) {
                complain("it does not exist");
                return Optional.empty();
            }
            Set<Endpoint> endpoints = new HashSet<>();
            slice.getPorts()
                    .forEach(port -> slice.getEndpoints()
                            .forEach(endpoint -> endpoint.getAddresses().stream()
                                    .filter(IpLiterals::isLiteral)
                                    .map(IpLiterals::parse)
                                    .forEach(address -> endpoints.add(new Endpoint(address, port.getPort())))));
            return Optional.of(endpoints).filter(found -> !found.isEmpty());
        } catch (KubernetesClientException e) {
            complain(Failures.cause(e));
            return Optional.empty();
        }
    }

    private void complain(String why) {
        if (!complained) {
            complained = true;
            LOG.warnf(
                    "The EndpointSlice default/kubernetes cannot be read, so only the configured address of the API"
                            + " server is known, and new policies that may cover the way to others wait: %s",
                    why);
        }
    }

    private static Set<Endpoint> endpoints(Iterable<InetAddress> addresses, int port) {
        Set<Endpoint> endpoints = new HashSet<>();
        addresses.forEach(address -> endpoints.add(new Endpoint(address, port)));
        return endpoints;
    }
}
