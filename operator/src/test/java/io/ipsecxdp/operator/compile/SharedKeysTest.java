package io.ipsecxdp.operator.compile;

import static io.ipsecxdp.operator.compile.Fixtures.NOON;
import static io.ipsecxdp.operator.compile.Fixtures.host;
import static io.ipsecxdp.operator.compile.Fixtures.node;
import static io.ipsecxdp.operator.compile.Fixtures.nothing;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.KeyHolder;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Equal keys of SAs that have no node in common. */
class SharedKeysTest {
    private static final Fixtures FOUR_NODES = nothing()
            .node("n1", "10.0.0.1")
            .node("n2", "10.0.0.2")
            .node("n3", "10.0.0.3")
            .node("n4", "10.0.0.4");

    private static final Fixtures FIRST =
            FOUR_NODES.sa("first", node("n1"), node("n2"), 4096, "secret").createdAt("first", NOON);

    private static final Fixtures BOTH =
            FIRST.sa("second", node("n3"), node("n4"), 4097, "copy-of-secret").createdAt("second", NOON.plusSeconds(1));

    private static List<String> sending(Fixtures cluster) {
        return cluster.slices().stream()
                .flatMap(slice -> slice.spec().securityAssociations().stream())
                .filter(sa -> sa.direction() == SaDirection.Out)
                .map(PlannedSa::name)
                .toList();
    }

    @Test
    void theYoungerNeverSends() {
        var planned = BOTH.planned();

        assertThat(sending(planned)).containsExactly("first");
        assertThat(Plans.findings(planned.compileNow(), Fixtures.sa("second")))
                .containsExactly(
                        Finding.of(
                                Reason.KeyReused,
                                "SecurityAssociation first has, or had, the same key: this SA does not send, so delete it, and declare it again with a new random key"));
        assertThat(Plans.findings(planned.compileNow(), Fixtures.sa("first"))).isEmpty();
    }

    @Test
    void oneThatSendsGoesBeforeAnOlderOne() {
        var cluster = FIRST.planned()
                .sa("second", node("n3"), node("n4"), 4097, "copy-of-secret")
                .createdAt("second", NOON.minusSeconds(1))
                .planned();

        assertThat(sending(cluster)).containsExactly("first");
    }

    @Test
    void itsInboundEndStaysAndGoesOnReporting() {
        assertThat(Plans.entries(BOTH.planned().compileNow())).containsExactly("n1: first", "n2: first", "n4: second");
    }

    @Test
    void oneThatWasToldToSendIsTakenBackUnlessItDoes() {
        var first = FIRST.planned();
        var second = BOTH.delete("first").planned();
        var slices = Fixtures.concat(first.slices(), second.slices());
        var reports = new HashMap<>(first.reports().bySubject());
        reports.putAll(second.reports().bySubject());
        var bothSend = BOTH.observed(slices, new Reports(Map.copyOf(reports)));
        reports.remove(new Reports.Subject("n3", Fixtures.sa("second")));
        var oneSends = BOTH.observed(slices, new Reports(reports));

        assertThat(sending(bothSend.step())).containsExactly("first", "second");
        assertThat(sending(oneSends.slices(Fixtures.asExisting(oneSends.compileNow()))))
                .containsExactly("first");
    }

    @Test
    void outsideTheClusterNobodyReportsBeforeThePacketsThatAreSent() {
        var cluster = FOUR_NODES
                .sa("first", node("n1"), host("192.0.2.1"), 4096, "secret")
                .sa("second", node("n3"), host("192.0.2.1"), 4097, "copy-of-secret")
                .createdAt("second", NOON.plusSeconds(1))
                .planned();

        assertThat(sending(cluster)).as("what sends goes on").containsExactly("first", "second");
        assertThat(Plans.findings(cluster.compileNow(), Fixtures.sa("second")))
                .containsExactly(
                        Finding.of(
                                Reason.KeyReused,
                                "SecurityAssociation first has, or had, the same key: both may have sent with it before that was seen, so declare two new SAs with a new random key each, and delete these"));
    }

    @Test
    void itIsRememberedWhenTheOtherIsGone() {
        var alone = BOTH.planned().delete("first").planned();

        var compilation = Compiler.compile(
                with(alone.snapshot(), Map.of("uid-of-second", new KeyHolder("first", "uid-of-first"))));

        assertThat(Plans.reasons(compilation, Fixtures.sa("second"))).containsExactly(Reason.KeyReused);
        assertThat(compilation.keyHolders())
                .containsExactly(Map.entry(Fixtures.sa("second"), new KeyHolder("first", "uid-of-first")));
    }

    @Test
    void aThirdIsFoundByTheOneThatWasRefused() {
        var cluster = BOTH.planned()
                .delete("first")
                .sa("third", node("n2"), node("n1"), 4098, "copy-of-copy-of-secret")
                .createdAt("third", NOON.minusSeconds(1));
        var memory = Map.of("uid-of-second", new KeyHolder("first", "uid-of-first"));
        var inbound = cluster.slices(Fixtures.asExisting(Compiler.compile(with(cluster.snapshot(), memory))));
        var compilation = Compiler.compile(with(inbound.step().snapshot(), memory));

        assertThat(compilation.keyHolders())
                .containsEntry(Fixtures.sa("third"), new KeyHolder("second", "uid-of-second"));
    }

    /** Whoever is deleted and in whatever order agents and operator act: with one key one SA sends, ever. */
    @Property(tries = 300)
    void withOneKeyOneSaSends(@ForAll Random random) {
        var cluster = FOUR_NODES;
        var memory = new TreeMap<String, KeyHolder>();
        var sentBy = new HashMap<String, String>();
        var names = new ArrayList<String>();
        for (int i = 0; i < 40; i++) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    if (names.size() < 8) {
                        int from = 1 + random.nextInt(4);
                        String name = "s" + names.size();
                        cluster = cluster.sa(
                                        name,
                                        node("n" + from),
                                        node("n" + (from % 4 + 1)),
                                        4096 + names.size(),
                                        "copy-of-".repeat(names.size()) + "secret")
                                .createdAt(name, NOON.plusSeconds(random.nextInt(3)));
                        names.add(name);
                    }
                }
                case 1 -> {
                    var sas = cluster.sas();
                    // One that was refused is what remembers
                    if (!sas.isEmpty() && random.nextInt(3) == 0) {
                        var sa = sas.get(random.nextInt(sas.size()));
                        cluster = memory.isEmpty() || memory.containsKey(sa.uid())
                                ? cluster
                                : cluster.delete(sa.key().name());
                    }
                }
                case 2 -> cluster = cluster.done();
                default -> {
                    var compilation = Compiler.compile(with(cluster.snapshot(), memory));
                    for (var sa : cluster.sas()) {
                        var holder = compilation.keyHolders().get(sa.key());
                        if (holder != null) {
                            memory.put(sa.uid(), holder);
                        }
                    }
                    cluster = cluster.slices(Fixtures.asExisting(compilation, cluster.slices()));
                }
            }
            for (String name : sending(cluster)) {
                assertThat(sentBy.computeIfAbsent("secret", none -> name)).isEqualTo(name);
            }
        }
    }

    private static ClusterSnapshot with(ClusterSnapshot snapshot, Map<String, KeyHolder> holders) {
        return new ClusterSnapshot(
                snapshot.declared(),
                snapshot.nodes(),
                snapshot.facts(),
                snapshot.slices(),
                snapshot.reports(),
                new KeyMemory(Map.of(), holders),
                snapshot.tunnels(),
                snapshot.aliveAgents(),
                snapshot.now());
    }
}
