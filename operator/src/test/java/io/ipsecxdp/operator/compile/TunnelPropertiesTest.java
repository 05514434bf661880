package io.ipsecxdp.operator.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Nodes that join and leave tunnels, by label and by the machine, agents that act and publish each in its own time, operators
 * that write half. The kernels are asked: at no moment does one send what the other one would drop.
 */
class TunnelPropertiesTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3", "n4");
    private static final String MESH = "{ends: [{nodeSelector: {matchLabels: {in: ''}}}], traffic: {pods: {}}%s}";
    private static final String HUB =
            "{ends: [{nodeSelector: {matchLabels: {hub: ''}}}, {nodeSelector: {matchLabels: {in: ''}}}], traffic: {overlay: {protocol: UDP, port: 8472}}%s}";
    private static final int STEPS = 80;

    @Property(tries = 400)
    void nothingIsSentThatTheOtherEndWouldDrop(@ForAll Random random) {
        var world = new TunnelWorld();
        NODES.forEach(name -> world.node(name, label(random)));
        for (int i = 0; i < STEPS; i++) {
            String node = NODES.get(random.nextInt(NODES.size()));
            switch (random.nextInt(24)) {
                case 0 -> world.tunnel("mesh", MESH.formatted(paused(random)));
                case 1 -> world.tunnel("hub", HUB.formatted(paused(random)));
                case 2 -> world.delete(random.nextBoolean() ? "mesh" : "hub");
                case 3, 4 -> {
                    if (world.nodes().contains(node)) {
                        world.labels(node, label(random));
                    }
                }
                case 5 -> world.falls(node);
                case 6, 7 -> {
                    if (world.nodes().contains(node)) {
                        world.speaks(node);
                    }
                }
                case 8 -> {
                    if (random.nextInt(4) == 0) {
                        world.vanishes(node);
                    }
                }
                case 9 -> {
                    if (!world.nodes().contains(node)) {
                        world.node(node, label(random));
                    }
                }
                case 10 -> world.operatorWritesHalf();
                case 11, 12, 13, 14 -> world.operator();
                default -> world.agent(node, random.nextInt(3) > 0);
            }
            assertNothingIsLost(world);
        }
        NODES.forEach(name -> {
            if (!world.nodes().contains(name)) {
                world.node(name, "in");
            }
            world.speaks(name).labels(name, "in");
        });
        world.labels("n1", "hub", "off").tunnel("mesh", MESH.formatted("")).tunnel("hub", HUB.formatted(""));
        everybodyUntilItIsQuiet(world);
        for (String spoke : List.of("n2", "n3", "n4")) {
            assertThat(world.pair("n1", "hub", spoke).isOn())
                    .as("n1 and %s", spoke)
                    .isTrue();
            assertThat(world.pair("n2", "mesh", spoke).isOn())
                    .as("n2 and %s", spoke)
                    .isEqualTo(!spoke.equals("n2"));
            assertThat(world.pair("n2", "hub", spoke).accepts)
                    .as("n2 and %s, both spokes", spoke)
                    .isFalse();
        }
        world.delete("mesh").delete("hub");
        everybodyUntilItIsQuiet(world);
        assertThat(world.peers()).isEmpty();
        assertThat(world.kernels().values()).allMatch(Map::isEmpty);
        assertThat(world.nodes()).noneMatch(world::hasPlanned);
    }

    private static String label(Random random) {
        return List.of("in", "in", "hub", "out").get(random.nextInt(4));
    }

    private static String paused(Random random) {
        return random.nextInt(4) == 0 ? ", paused: true" : "";
    }

    private static void everybodyUntilItIsQuiet(TunnelWorld world) {
        IntStream.range(0, 15).forEach(i -> {
            world.operator();
            NODES.forEach(name -> {
                world.agent(name, true);
                assertNothingIsLost(world);
            });
        });
        world.operator();
    }

    private static void assertNothingIsLost(TunnelWorld world) {
        var kernels = world.kernels();
        kernels.forEach((name, kernel) -> kernel.forEach((with, pair) -> {
            var far = kernels.get(with.peer());
            if (far == null || !world.uid(with.peer()).equals(with.peerUid())) {
                return;
            }
            var there = far.getOrDefault(
                    new TunnelWorld.With(with.tunnel(), name, world.uid(name)), new TunnelWorld.Pair());
            assertThat(pair.sends && !there.accepts)
                    .as("%s sends protected to %s, which does not take it", name, with.peer())
                    .isFalse();
            assertThat(pair.requires && !there.sends)
                    .as("%s requires protection of %s, which does not send it", name, with.peer())
                    .isFalse();
        }));
    }
}
