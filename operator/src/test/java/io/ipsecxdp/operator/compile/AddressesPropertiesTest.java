package io.ipsecxdp.operator.compile;

import static io.ipsecxdp.operator.compile.Fixtures.flowHost;
import static io.ipsecxdp.operator.compile.Fixtures.flowNode;
import static io.ipsecxdp.operator.compile.Fixtures.host;
import static io.ipsecxdp.operator.compile.Fixtures.node;
import static io.ipsecxdp.operator.compile.Fixtures.nothing;
import static io.ipsecxdp.operator.compile.Fixtures.prefixes;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whatever addresses nodes list over time, and in whatever order: SAs and policies between two ends agree on them. */
class AddressesPropertiesTest {
    private static final int STEPS = 40;
    private static final Map<String, List<String>> ADDRESSES = Map.of(
            "n1", List.of("10.0.0.1", "10.0.1.1", "fd00::1"),
            "n2", List.of("10.0.0.2", "10.0.1.2", "fd00::2"));
    private static final String OUTSIDE = "192.0.2.1";

    private Fixtures cluster;
    private int declared;

    @Property(tries = 500)
    void sasAndPoliciesOfAFlowHaveTheSameAddresses(@ForAll Random random) {
        cluster = nothing();
        declared = 0;
        ADDRESSES.forEach((name, addresses) -> cluster = cluster.node(name, addresses.toArray(String[]::new)));
        for (int i = 0; i < STEPS; i++) {
            switch (random.nextInt(6)) {
                case 0 -> list(random);
                case 1 -> declareSa(random);
                case 2 -> declarePolicy(random);
                case 3 -> cluster = cluster.delete((random.nextBoolean() ? "s" : "p") + random.nextInt(4));
                default -> cluster = cluster.step();
            }
        }
        assertAgreement(cluster.planned());
    }

    /** The addresses that a node has, and their order. */
    private void list(Random random) {
        String name = random.nextBoolean() ? "n1" : "n2";
        var addresses = new ArrayList<>(ADDRESSES.get(name));
        Collections.shuffle(addresses, random);
        addresses
                .subList(1 + random.nextInt(addresses.size()), addresses.size())
                .clear();
        cluster = cluster.node(name, addresses.toArray(String[]::new));
    }

    private void declareSa(Random random) {
        int number = random.nextInt(4);
        String name = "s" + number;
        if (cluster.sas().stream().anyMatch(sa -> sa.key().name().equals(name))) {
            return;
        }
        cluster = switch (number) {
            case 0, 1 -> cluster.sa(name, node("n1"), node("n2"), 4096 + number);
            case 2 -> cluster.sa(name, node("n2"), node("n1"), 4096 + number);
            default -> cluster.sa(name, node("n1"), host(OUTSIDE), 4096 + number);
        };
        cluster = cluster.withUid(name, name + "-" + declared);
        age(name);
    }

    private void declarePolicy(Random random) {
        int number = random.nextInt(4);
        String name = "p" + number;
        var selector = prefixes("10.20.%d.0/24".formatted(number), "10.21.%d.0/24".formatted(number));
        cluster = switch (number) {
            case 0, 1 -> cluster.policy(name, 1, flowNode("n1"), flowNode("n2"), selector);
            case 2 -> cluster.policy(name, 1, flowNode("n2"), flowNode("n1"), selector);
            default -> cluster.policy(name, 1, flowNode("n1"), flowHost(OUTSIDE), selector);
        };
        age(name);
    }

    private void age(String name) {
        cluster = cluster.createdAt(name, Fixtures.NOON.plusSeconds(declared++));
    }

    private static void assertAgreement(Fixtures cluster) {
        var verdicts = cluster.compileNow().verdicts();
        var addresses = new HashMap<Set<String>, Map<String, Set<String>>>();
        for (var slice : cluster.slices()) {
            for (var entry : Entry.of(slice.spec())) {
                var object = entry.key().object();
                var nodes = object.name().endsWith("3") ? Set.of("n1", OUTSIDE) : Set.of("n1", "n2");
                boolean towardsN1 = object.name().endsWith("2");
                if (verdicts.get(object).findings().isEmpty()) {
                    var ends = entry.addresses().orElseThrow();
                    addresses
                            .computeIfAbsent(nodes, none -> new HashMap<>())
                            .computeIfAbsent(
                                    (towardsN1 ? ends.destination() : ends.source()) + " and "
                                            + (towardsN1 ? ends.source() : ends.destination()),
                                    none -> new TreeSet<>())
                            .add(object.toString());
                }
            }
        }
        addresses.forEach((ends, used) ->
                assertThat(used).as("addresses between %s", ends).hasSize(1));
    }
}
