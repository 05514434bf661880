package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class CompilerPropertiesTest {
    private static final int MOST_MOVES = 3;

    @Provide
    Arbitrary<ClusterSnapshot> clusters() {
        return Clusters.withAPast();
    }

    @Provide
    Arbitrary<ClusterSnapshot> freshClusters() {
        return Clusters.any();
    }

    @Property
    void theOrderOfWhatIsKnownChangesNothing(@ForAll("clusters") ClusterSnapshot cluster, @ForAll Random random) {
        assertThat(Compiler.compile(shuffled(cluster, random))).isEqualTo(Compiler.compile(cluster));
    }

    /**
     * An entry that moves holds its old place until the move is written, and another that waits for that place gets it with
     * the next compile (record 0027); one may wait for another.
     */
    @Property
    void whatWasCompiledSoonCompilesToItself(@ForAll("clusters") ClusterSnapshot cluster) {
        var before = Compiler.compile(cluster);
        for (int moved = 0; moved < MOST_MOVES; moved++) {
            before = Compiler.compile(Clusters.withPlans(cluster, before));
        }
        var after = Compiler.compile(Clusters.withPlans(cluster, before));
        assertThat(after.slices()).isEqualTo(before.slices());
        assertThat(after.abandoned()).isEmpty();
        assertThat(after.verdicts()).isEqualTo(before.verdicts());
    }

    @Property
    void anEntryNeverChangesItsSlice(@ForAll("clusters") ClusterSnapshot cluster) {
        var before = homes(Compiler.compile(cluster));
        var existing = new TreeMap<String, String>();
        for (var slice : Slicer.inOrder(cluster.slices())) {
            for (var entry : Entry.of(slice.spec())) {
                existing.put(slice.spec().node() + entry.key(), slice.name());
            }
        }
        before.forEach((entry, slice) ->
                assertThat(existing.getOrDefault(entry, slice)).isEqualTo(slice));
    }

    @Property
    void aPlanIsNeverDroppedWhileItsNodeOrItsAgentIsThere(@ForAll("clusters") ClusterSnapshot cluster) {
        var compilation = Compiler.compile(cluster);
        var names = compilation.slices().stream().map(PlannedSlice::name).collect(toSet());
        var nodes = cluster.nodes().stream().map(ClusterNode::name).collect(toSet());
        for (var slice : cluster.slices()) {
            boolean read = nodes.contains(slice.spec().node())
                    || cluster.aliveAgents().contains(slice.spec().node());
            assertThat(names.contains(slice.name())).isEqualTo(read);
            assertThat(compilation.abandoned().contains(slice.name())).isEqualTo(!read);
        }
    }

    @Property
    void noNodeGetsTwoEntriesThatItsKernelTakesForOne(@ForAll("clusters") ClusterSnapshot cluster) {
        var holders = new TreeMap<String, ObjectKey>();
        for (var slice : Compiler.compile(cluster).slices()) {
            for (var entry : Entry.of(slice.spec())) {
                for (String identity : identities(slice.spec().node(), entry)) {
                    var holder = holders.putIfAbsent(identity, entry.key().object());
                    assertThat(holder == null || holder.equals(entry.key().object()))
                            .as("%s of %s and %s", identity, holder, entry.key())
                            .isTrue();
                }
            }
        }
    }

    @Property
    void whoHasAFindingGetsNothingNew(@ForAll("clusters") ClusterSnapshot cluster) {
        var compilation = Compiler.compile(cluster);
        var before = cluster.slices().stream()
                .flatMap(slice -> Entry.of(slice.spec()).stream())
                .collect(toSet());
        for (var slice : compilation.slices()) {
            for (var entry : Entry.of(slice.spec())) {
                boolean isGone = !compilation.verdicts().containsKey(entry.key().object());
                if (entry instanceof Entry.Steering || isGone) {
                    continue;
                }
                boolean found = !compilation
                        .verdicts()
                        .get(entry.key().object())
                        .findings()
                        .isEmpty();
                assertThat(!found || before.contains(entry)).as("%s", entry).isTrue();
            }
        }
    }

    @Property
    void whoHasNoFindingIsPlannedOnEveryNodeConcerned(@ForAll("clusters") ClusterSnapshot cluster) {
        var compilation = Compiler.compile(cluster);
        compilation.verdicts().forEach((object, verdict) -> {
            if (verdict.findings().isEmpty()) {
                var nodes = compilation.slices().stream()
                        .filter(slice -> Entry.of(slice.spec()).stream()
                                .anyMatch(entry -> entry.key().object().equals(object)))
                        .map(slice -> slice.spec().node())
                        .collect(toSet());
                verdict.waits().forEach(wait -> nodes.add(wait.node()));
                assertThat(nodes).as("%s", object).containsAll(verdict.nodes());
            }
        });
    }

    /** Nothing in force is lost to a fact that goes missing. */
    @Property
    void withoutAnyFactAllStaysAsItWas(@ForAll("freshClusters") ClusterSnapshot cluster) {
        var planned = Compiler.compile(cluster);
        var nodes = cluster.nodes().stream().map(ClusterNode::name).collect(toSet());
        var blind = new ClusterSnapshot(
                cluster.declared(),
                List.of(),
                List.of(),
                Fixtures.asExisting(planned),
                cluster.reports(),
                cluster.keys(),
                cluster.tunnels(),
                nodes,
                cluster.now());
        assertThat(Compiler.compile(blind).slices()).isEqualTo(planned.slices());
    }

    /** What is wrong with one object is of no concern to those that share nothing with it. */
    @Property
    void anObjectWithAFindingThatHoldsNothingCanBeTakenOutUnnoticed(@ForAll("freshClusters") ClusterSnapshot cluster) {
        var compilation = Compiler.compile(cluster);
        var planned = compilation.slices().stream()
                .flatMap(slice -> Entry.of(slice.spec()).stream())
                .map(entry -> entry.key().object())
                .collect(toSet());
        var keys = cluster.declared().of(DeclaredKind.SECURITY_ASSOCIATION).stream()
                .collect(groupingBy(sa -> sa.spec().encryption().keySecretRef(), counting()));
        Predicate<Declared<?>> healthy = declared -> planned.contains(declared.key())
                || compilation.verdicts().get(declared.key()).findings().isEmpty();
        var without = Compiler.compile(new ClusterSnapshot(
                cluster.declared()
                        .with(
                                DeclaredKind.SECURITY_ASSOCIATION,
                                cluster.declared().of(DeclaredKind.SECURITY_ASSOCIATION).stream()
                                        .filter(sa -> healthy.test(sa)
                                                || keys.get(sa.spec()
                                                                .encryption()
                                                                .keySecretRef())
                                                        > 1)
                                        .toList())
                        .with(
                                DeclaredKind.SECURITY_POLICY,
                                cluster.declared().of(DeclaredKind.SECURITY_POLICY).stream()
                                        .filter(healthy)
                                        .toList())
                        .with(
                                DeclaredKind.STEERING_POLICY,
                                cluster.declared().of(DeclaredKind.STEERING_POLICY).stream()
                                        .filter(healthy)
                                        .toList()),
                cluster.nodes(),
                cluster.facts(),
                cluster.slices(),
                cluster.reports(),
                cluster.keys(),
                cluster.tunnels(),
                cluster.aliveAgents(),
                cluster.now()));
        assertThat(without.slices()).isEqualTo(compilation.slices());
        assertThat(compilation.verdicts()).containsAllEntriesOf(without.verdicts());
    }

    private static List<String> identities(String node, Entry entry) {
        return switch (entry) {
            case Entry.Sa sa -> claims(node, sa);
            case Entry.Policy policy -> claims(node, policy);
            case Entry.Steering steering ->
                steering.planned().interfaces().stream()
                        .map(name -> "interface " + name + " of " + node)
                        .toList();
            case Entry.OfTunnel tunnel -> List.of();
        };
    }

    private static List<String> claims(String node, Entry entry) {
        return IdentityClaim.of(new Placed(node, entry)).stream()
                .map(IdentityClaim::toString)
                .toList();
    }

    private static Map<String, String> homes(Compilation compilation) {
        return compilation.slices().stream()
                .flatMap(slice -> Entry.of(slice.spec()).stream()
                        .map(entry -> Map.entry(slice.spec().node() + entry.key(), slice.name())))
                .collect(toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static ClusterSnapshot shuffled(ClusterSnapshot cluster, Random random) {
        return new ClusterSnapshot(
                DeclaredKind.ALL.stream()
                        .reduce(
                                Declarations.NONE,
                                (mixed, kind) -> shuffled(mixed, kind, cluster, random),
                                (one, other) -> other),
                shuffled(cluster.nodes(), random),
                shuffled(cluster.facts(), random),
                shuffled(cluster.slices(), random),
                cluster.reports(),
                cluster.keys(),
                cluster.tunnels(),
                cluster.aliveAgents(),
                cluster.now());
    }

    private static <S> Declarations shuffled(
            Declarations mixed, DeclaredKind<S, ?> kind, ClusterSnapshot cluster, Random random) {
        return mixed.with(kind, shuffled(cluster.declared().of(kind), random));
    }

    private static <T> List<T> shuffled(List<T> list, Random random) {
        var copy = new ArrayList<>(list);
        Collections.shuffle(copy, random);
        return copy;
    }
}
