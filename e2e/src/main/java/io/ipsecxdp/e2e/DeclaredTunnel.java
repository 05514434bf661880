package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.Encryption;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.PolicyEnd;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaTermsBuilder;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityAssociationSpecBuilder;
import io.ipsecxdp.crds.SecurityPolicy;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.Selector;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Both directions between two nodes as a user declares them: an SA for each CPU, with crossed owners, one without a CPU,
 * and a policy. SPIs, reqid and keys are fresh.
 */
public final class DeclaredTunnel {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int FIRST_SPI = 256;

    private final List<SecurityAssociation> sas;
    private final List<SecurityPolicy> policies;

    private DeclaredTunnel(List<SecurityAssociation> sas, List<SecurityPolicy> policies) {
        this.sas = List.copyOf(sas);
        this.policies = List.copyOf(policies);
    }

    /**
     * A tunnel, or with mode Transport a pair of transport mode directions between the nodes themselves. The keys are
     * made at once, nothing else is declared.
     *
     * @param name what the names of its objects begin with
     * @param cpus how many CPUs get an SA of their own, each way; 0 for the one without a CPU only
     */
    public static DeclaredTunnel make(
            Keys keys, String name, Node first, Node second, IpFamily family, SaMode mode, int cpus) {
        long reqid = RANDOM.nextLong(Api.FIRST_REQID, Api.LAST_DECLARED_REQID);
        List<SecurityAssociation> sas = new ArrayList<>();
        List<SecurityPolicy> policies = new ArrayList<>();
        for (Node[] way : new Node[][] {{first, second}, {second, first}}) {
            Node from = way[0];
            Node to = way[1];
            String direction = "%s-%s-%s".formatted(name, from.name(), to.name());
            for (int cpu = 0; cpu < cpus; cpu++) {
                sas.add(sa(
                        keys,
                        direction + "-cpu" + cpu,
                        new SaEnd(from.name(), from.facts().address(family), cpu, null),
                        new SaEnd(to.name(), to.facts().address(family), cpus - 1 - cpu, null),
                        mode,
                        reqid));
            }
            sas.add(sa(
                    keys,
                    direction + "-any",
                    new SaEnd(from.name(), from.facts().address(family), null, null),
                    new SaEnd(to.name(), to.facts().address(family), null, null),
                    mode,
                    reqid));
            var source = new PolicyEnd(from.name(), from.facts().address(family), null);
            var destination = new PolicyEnd(to.name(), to.facts().address(family), null);
            policies.add(
                    mode == SaMode.Transport
                            ? policy(direction, source, destination, Selector.betweenTheEnds(), mode, reqid)
                            : policy(direction, source, destination, pods(from, family), pods(to, family), reqid));
        }
        return new DeclaredTunnel(sas, policies);
    }

    /** IPv4, tunnel mode, between the pods. */
    public static DeclaredTunnel make(Keys keys, String name, Node first, Node second, int cpus) {
        return make(keys, name, first, second, IpFamily.IPV4, SaMode.Tunnel, cpus);
    }

    /** An SA with a key of its own, which is made at once, and a random SPI. */
    public static SecurityAssociation sa(
            Keys keys, String name, SaEnd source, SaEnd destination, SaMode mode, long reqid) {
        keys.make(name, Keys.AES_GCM_256);
        return sa(name, source, destination, mode, reqid, randomSpi(), new KeySecretRef(name, Keys.ENTRY));
    }

    public static SecurityAssociation sa(
            String name, SaEnd source, SaEnd destination, SaMode mode, long reqid, long spi, KeySecretRef key) {
        return named(
                new SecurityAssociation(),
                name,
                SecurityAssociationSpecBuilder.builder()
                        .withSource(source)
                        .withDestination(destination)
                        .withSpi(spi)
                        .withEncryption(new Encryption(null, null, key))
                        .withTerms(SaTermsBuilder.builder()
                                .withMode(mode)
                                .withReqid(reqid)
                                .build())
                        .build());
    }

    public static long randomSpi() {
        return RANDOM.nextLong(FIRST_SPI, 1L << Integer.SIZE);
    }

    public List<SecurityAssociation> sas() {
        return sas;
    }

    public List<SecurityPolicy> policies() {
        return policies;
    }

    public List<CustomResource<?, ?>> objects() {
        return Stream.<CustomResource<?, ?>>concat(sas.stream(), policies.stream())
                .toList();
    }

    /** The SA of a direction and a sending CPU. */
    public SecurityAssociation sa(Node from, int cpu) {
        return sas.stream()
                .filter(sa -> from.name().equals(sa.getSpec().source().node()))
                .filter(sa -> sa.getSpec()
                        .source()
                        .ownerCpu()
                        .filter(owner -> owner == cpu)
                        .isPresent())
                .findFirst()
                .orElseThrow();
    }

    /** A tunnel mode policy for packets between two prefixes. */
    public static SecurityPolicy policy(
            String name, PolicyEnd source, PolicyEnd destination, String from, String to, long reqid) {
        return policy(name, source, destination, Selector.between(from, to), SaMode.Tunnel, reqid);
    }

    private static SecurityPolicy policy(
            String name, PolicyEnd source, PolicyEnd destination, Selector selector, SaMode mode, long reqid) {
        return named(
                new SecurityPolicy(),
                name,
                SecurityPolicySpec.esp(source, destination, selector, null, mode, reqid, null));
    }

    private static String pods(Node node, IpFamily family) {
        return node.facts().pods().get(family.ordinal());
    }

    private static <S, R extends CustomResource<S, ?>> R named(R resource, String name, S spec) {
        resource.setMetadata(new ObjectMetaBuilder().withName(name).build());
        resource.setSpec(spec);
        return resource;
    }
}
