package io.ipsecxdp.operator.compile;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.PlannedTunnel;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TunnelPeer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is in a tunnel, and what becomes of bad input. */
class TunnelCompilerTest {
    private static final String MESH = "{ends: [{nodeSelector: {}}], traffic: {pods: {}}}";
    private static final String HUB =
            "{ends: [{nodeSelector: {matchLabels: {hub: ''}}}, {nodeSelector: {matchLabels: {spoke: ''}}}], traffic: {pods: {}}";

    private static TunnelWorld three() {
        return new TunnelWorld().node("n1").node("n2").node("n3");
    }

    private static List<Finding> findings(TunnelWorld world, String name) {
        return Plans.findings(world.compile(), new ObjectKey(DeclaredKind.TUNNEL, name));
    }

    @Test
    void everyNodeOfAMeshIsToldOfTheTunnelAndOfTheOthers() {
        var world = three().tunnel("pods", MESH).settles();

        assertThat(world.peers())
                .singleElement()
                .satisfies(slice -> assertThat(slice.name()).isEqualTo("pods-0"))
                .extracting(slice -> slice.spec().peers())
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(TunnelPeer.class))
                .extracting(TunnelPeer::node, TunnelPeer::addresses, TunnelPeer::podCIDRs, TunnelPeer::end)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("n1", List.of("10.0.0.1"), List.of("10.20.1.0/24"), 0),
                        org.assertj.core.groups.Tuple.tuple("n2", List.of("10.0.0.2"), List.of("10.20.2.0/24"), 0),
                        org.assertj.core.groups.Tuple.tuple("n3", List.of("10.0.0.3"), List.of("10.20.3.0/24"), 0));
        assertThat(world.planned("n2")).singleElement().satisfies(planned -> {
            assertThat(planned.algorithm()).isEqualTo(EncryptionAlgorithm.ENCR_AES_GCM_16);
            assertThat(planned.keyBits()).isEqualTo(256);
            assertThat(planned.perCpu()).isEqualTo(8);
            assertThat(planned.rekeySeconds()).isEqualTo(3600);
            assertThat(planned.rekeyBytes()).isEqualTo(64L << 30);
            assertThat(planned.reqid()).isGreaterThan(Api.LAST_DECLARED_REQID);
        });
        assertThat(world.pair("n1", "pods", "n3").isOn()).isTrue();
        assertThat(findings(world, "pods")).isEmpty();
    }

    @Test
    void anAgentThatHasNotSpokenIsNobodysPeer() {
        var world = three().falls("n3").tunnel("pods", MESH).settles();

        assertThat(world.entry("n3")).isEmpty();
        assertThat(world.pair("n1", "pods", "n2").isOn()).isTrue();
        assertThat(world.planned("n3")).hasSize(1);

        world.speaks("n3").settles();
        assertThat(world.pair("n3", "pods", "n2").isOn()).isTrue();
    }

    @Test
    void anAgentThatKnowsNoTunnelsIsNamed() {
        var world = three().tunnel("pods", MESH).operator().agentOfOldReads("n3");

        assertThat(findings(world, "pods")).singleElement().satisfies(finding -> {
            assertThat(finding.node()).contains("n3");
            assertThat(finding.reason()).isEqualTo(Reason.Unsupported);
            assertThat(finding.message()).contains("upgrade the agents");
        });
    }

    @Test
    void inHubAndSpokesAPairHasOneOfEach() {
        var world = new TunnelWorld()
                .node("n1", "hub")
                .node("n2", "spoke")
                .node("n3", "spoke")
                .tunnel("pods", HUB + "}")
                .settles();

        assertThat(world.pair("n1", "pods", "n3").isOn()).isTrue();
        assertThat(world.pair("n2", "pods", "n3").accepts).isFalse();
        assertThat(world.compile().members().pairs()).containsValue(2L);
        assertThat(world.entry("n3").orElseThrow().end()).isEqualTo(2);
    }

    @Test
    void nodesOfOneEndAreNoMeshWhileNobodyOfTheOtherIsThere() {
        var world = new TunnelWorld()
                .node("n1", "hub")
                .node("n2", "hub")
                .node("n3", "spoke")
                .falls("n3")
                .tunnel("pods", HUB + "}")
                .settles();

        assertThat(world.entry("n3")).isEmpty();
        assertThat(world.pair("n1", "pods", "n2").accepts).isFalse();

        world.speaks("n3").settles();
        assertThat(world.pair("n1", "pods", "n3").isOn()).isTrue();
        assertThat(world.pair("n1", "pods", "n2").accepts).isFalse();
    }

    @Test
    void aNodeThatChangesEndsLeavesBeforeItComesAgain() {
        var world = new TunnelWorld()
                .node("n1", "hub")
                .node("n2", "spoke")
                .node("n3", "spoke")
                .tunnel("pods", HUB + "}")
                .settles()
                .labels("n3", "hub")
                .operator();
        assertThat(world.entry("n3").orElseThrow().leaves()).isTrue();

        world.settles();
        assertThat(world.entry("n3").orElseThrow().end()).isEqualTo(1);
        assertThat(world.pair("n3", "pods", "n2").isOn()).isTrue();
    }

    @Test
    void whatStaysIsNotNumberedAgain() {
        var world = three().tunnel("pods", MESH).settles();
        var before = world.peers();
        assertThat(world.settles().peers()).isEqualTo(before);

        var after = world.node("n4").settles();

        for (String node : List.of("n1", "n2", "n3")) {
            assertThat(after.entry(node)).isEqualTo(before.getFirst().spec().peer(node));
        }
        assertThat(after.entry("n4").orElseThrow().revision())
                .isGreaterThan(before.getFirst().spec().highestRevision());
    }

    @Test
    void aNumberIsNotGivenAgainWhenTheNewestNodeIsGone() {
        var world = three().tunnel("pods", MESH).settles().node("n4").settles();
        long last = world.entry("n4").orElseThrow().revision();

        world.vanishes("n4").settles().node("n5").settles();

        assertThat(world.entry("n4")).isEmpty();
        assertThat(world.entry("n5").orElseThrow().revision()).isGreaterThan(last);
    }

    @Test
    void aNodeThatIsNotSelectedAnyMoreGoesWhenEveryKernelHasLetGo() {
        var selected =
                "{ends: [{nodeSelector: {matchExpressions: [{key: name, operator: NotIn, values: [n3]}]}}], traffic: {pods: {}}}";
        var world = three().tunnel("pods", MESH)
                .settles()
                .tunnel("pods", selected)
                .falls("n2")
                .operator();
        for (int i = 0; i < 5; i++) {
            world.agent("n1", true).agent("n3", true).operator();
        }
        assertThat(world.entry("n3").orElseThrow().leaves()).isTrue();
        assertThat(world.planned("n3")).hasSize(1);
        assertThat(world.compile().verdicts().values())
                .singleElement()
                .satisfies(verdict -> assertThat(verdict.waits())
                        .singleElement()
                        .satisfies(wait -> {
                            assertThat(wait.node()).isEqualTo("n3");
                            assertThat(wait.message()).contains("node n2", "does not renew its Lease");
                        }));

        world.speaks("n2").settles();
        assertThat(world.entry("n3")).isEmpty();
        assertThat(world.planned("n3")).isEmpty();
        assertThat(world.pair("n1", "pods", "n2").isOn()).isTrue();
    }

    @Test
    void aNodeThatIsGoneIsWaitedForByNobody() {
        var world = three().tunnel("pods", MESH).settles().vanishes("n2");

        assertThat(world.operator().entry("n2")).isEmpty();
        world.delete("pods").settles();
        assertThat(world.peers()).isEmpty();
    }

    @Test
    void aTunnelThatIsDeletedIsTakenOffAndLeavesNothing() {
        var world = three().tunnel("pods", MESH).settles().delete("pods").operator();
        assertThat(world.entry("n1").orElseThrow().leaves()).isTrue();
        assertThat(world.planned("n1")).hasSize(1);

        world.settles();

        assertThat(world.peers()).isEmpty();
        assertThat(world.planned("n1")).isEmpty();
        assertThat(world.kernels().values()).allMatch(Map::isEmpty);
    }

    @Test
    void aTunnelOfThatNameWaitsUntilTheOldOneIsOff() {
        var world = three().tunnel("pods", MESH)
                .settles()
                .delete("pods")
                .tunnel("pods", MESH)
                .operator();
        assertThat(findings(world, "pods")).extracting(Finding::reason).containsExactly(Reason.StillBeingRemoved);

        assertThat(world.settles().pair("n1", "pods", "n2").isOn()).isTrue();
        assertThat(findings(world, "pods")).isEmpty();
    }

    @Test
    void pausedTakesItOffAndSaysSo() {
        var world = three().tunnel("pods", MESH)
                .settles()
                .tunnel(
                        "pods",
                        MESH.replace("}}}", "}}, paused: true}").replace("{pods: {}}}, paused", "{pods: {}}, paused"));
        world.settles();

        assertThat(world.peers()).allMatch(slice -> slice.spec().peers().isEmpty());
        assertThat(world.planned("n1")).isEmpty();
        assertThat(findings(world, "pods")).extracting(Finding::reason).containsExactly(Reason.Paused);

        assertThat(world.tunnel("pods", MESH).settles().pair("n1", "pods", "n2").isOn())
                .isTrue();
    }

    @Test
    void aNodeWithoutPodCidrIsLeftOutAndNoOther() {
        var world = three().nodeWithoutPodCidr("n4").tunnel("pods", MESH).settles();

        assertThat(world.entry("n4")).isEmpty();
        assertThat(world.planned("n4")).isEmpty();
        assertThat(world.pair("n1", "pods", "n2").isOn()).isTrue();
        assertThat(findings(world, "pods")).singleElement().satisfies(finding -> {
            assertThat(finding.node()).contains("n4");
            assertThat(finding.reason()).isEqualTo(Reason.NoPodCidr);
        });
    }

    @Test
    void anOverlayNeedsNoPodCidr() {
        var world = new TunnelWorld()
                .nodeWithoutPodCidr("n1")
                .nodeWithoutPodCidr("n2")
                .tunnel("vxlan", "{ends: [{nodeSelector: {}}], traffic: {overlay: {protocol: UDP, port: 8472}}}")
                .settles();

        assertThat(world.pair("n1", "vxlan", "n2").isOn()).isTrue();
        assertThat(world.entry("n1").orElseThrow().podCIDRs()).isEmpty();
    }

    @Test
    void aNodeWhoseKernelLacksTheCipherIsLeftOutAndNoOther() {
        var world = three().kernelWith("n3", EncryptionAlgorithm.ENCR_AES_CBC)
                .tunnel("pods", MESH)
                .settles();

        assertThat(world.entry("n3")).isEmpty();
        assertThat(world.pair("n1", "pods", "n2").isOn()).isTrue();
        assertThat(findings(world, "pods").getFirst().message()).contains("rfc4106(gcm(aes))");
    }

    @Test
    void aNodeThatIsInItAndBecomesUnfitStays() {
        var world = three().tunnel("pods", MESH).settles();
        var before = world.peers();

        world.kernelWith("n3", EncryptionAlgorithm.ENCR_AES_CBC).settles();

        assertThat(world.peers()).isEqualTo(before);
        assertThat(world.planned("n3")).hasSize(1);
        assertThat(findings(world, "pods")).extracting(Finding::reason).containsExactly(Reason.Unsupported);
    }

    @Test
    void ofTwoTunnelsForTheSameTrafficTheOlderWins() {
        var world = three().tunnel("old", MESH).tunnel("new", MESH).settles();

        assertThat(world.pair("n1", "old", "n2").isOn()).isTrue();
        assertThat(findings(world, "old")).isEmpty();
        assertThat(findings(world, "new")).hasSize(3).allSatisfy(finding -> {
            assertThat(finding.reason()).isEqualTo(Reason.TrafficTaken);
            assertThat(finding.message()).contains("Tunnel old");
        });

        assertThat(world.delete("old").settles().pair("n1", "new", "n2").isOn()).isTrue();
    }

    @Test
    void theOneThatIsInForceKeepsItsTrafficWhateverItsAge() {
        var world = three().tunnel("a", MESH).settles().tunnel("b", MESH).createdAt("b", Fixtures.NOON.minusSeconds(9));

        assertThat(world.settles().pair("n1", "a", "n2").isOn()).isTrue();
        assertThat(findings(world, "b")).isNotEmpty();
    }

    @ParameterizedTest(name = "{0} beside {1}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "overlay: {protocol: UDP, port: 8472} | overlay: {protocol: UDP, port: 4789} | false",
                "overlay: {protocol: UDP, port: 8472} | overlay: {protocol: UDP, port: 8472} | true",
                "overlay: {protocol: UDP, port: 8472} | pods: {} | false",
                "selectors: [{source: 10.20.1.0/24, destination: 10.20.2.0/24}] | pods: {} | true",
                "selectors: [{source: 10.20.2.0/24, destination: 10.20.1.0/24}] | pods: {} | true",
                "selectors: [{source: 10.20.1.0/24, destination: 10.9.0.0/16}] | pods: {} | false",
                "selectors: [{source: 10.0.0.0/24, destination: 10.0.0.0/16}] | overlay: {protocol: IPIP} | true",
                "selectors: [{source: 10.1.0.0/16, destination: 10.2.0.0/16}] | selectors: [{source: 10.2.3.0/24, destination: 10.1.3.0/24}] | true",
                "selectors: [{source: 10.1.0.0/16, destination: 10.2.0.0/16}] | selectors: [{source: 10.1.0.0/16, destination: 10.3.0.0/16}] | false",
            })
    void twoTunnelsOverlapIfAPacketCanBeOfBoth(String one, String other, boolean overlap) {
        String ends = "ends: [{nodeSelector: {matchLabels: {hub: ''}}}, {nodeSelector: {matchLabels: {spoke: ''}}}]";
        var world = new TunnelWorld()
                .node("n1", "hub")
                .node("n2", "spoke")
                .tunnel("one", "{%s, traffic: {%s}}".formatted(ends, one))
                .tunnel("other", "{%s, traffic: {%s}}".formatted(ends, other))
                .settles();

        assertThat(findings(world, "one")).isEmpty();
        assertThat(findings(world, "other").isEmpty()).isEqualTo(!overlap);
    }

    @Test
    void tunnelsThatShareNoPairDoNotMeet() {
        var world = new TunnelWorld()
                .node("n1", "a")
                .node("n2", "a")
                .node("n3", "b")
                .node("n4", "b")
                .tunnel("a", "{ends: [{nodeSelector: {matchLabels: {a: ''}}}], traffic: {pods: {}}}")
                .tunnel("b", "{ends: [{nodeSelector: {matchLabels: {b: ''}}}], traffic: {pods: {}}}")
                .settles();

        assertThat(findings(world, "a")).isEmpty();
        assertThat(findings(world, "b")).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{ends: [{nodeSelector: {matchLabels: {name: n1}}}], traffic: {pods: {}}} | NoPeerSelected | selects node n1 alone",
                "{ends: [{nodeSelector: {matchLabels: {name: n9}}}], traffic: {pods: {}}} | NoNodeSelected | spec.ends[0].nodeSelector",
                "{ends: [{nodeSelector: {}}, {nodeSelector: {matchLabels: {name: n1}}}], traffic: {pods: {}}} | EndsOverlap | both of spec.ends select node n1",
                "{ends: [{nodeSelector: {}}], traffic: {}} | Invalid | exactly one of pods, overlay and selectors",
                "{ends: [{nodeSelector: {}}], traffic: {pods: {}}, perCpu: {max: 0}} | Invalid | spec.perCpu.max must be 1 to 64",
                "{ends: [{nodeSelector: {}}], traffic: {pods: {}}, rekey: {interval: 10s}} | Invalid | spec.rekey.interval must be 2m to 168h",
                "{ends: [{nodeSelector: {}}], traffic: {pods: {}}, rekey: {volume: 1Ti}} | Invalid | spec.rekey.volume must be 64Mi to 896Gi",
                "{ends: [{nodeSelector: {}}], traffic: {pods: {}}, encryption: {algorithm: ENCR_AES_CBC}} | Invalid | must be an AEAD",
                "{ends: [{nodeSelector: {}}], traffic: {overlay: {protocol: UDP}}} | Invalid | spec.traffic.overlay.port goes with protocol UDP",
                "{ends: [{nodeSelector: {matchExpressions: [{key: a, operator: Is}]}}], traffic: {pods: {}}} | Invalid | spec.ends[0].nodeSelector has the operator Is",
            })
    void badInputGetsASentence(String yaml, Reason reason, String sentence) {
        var world = three().tunnel("bad", yaml).settles();

        assertThat(findings(world, "bad")).first().satisfies(finding -> {
            assertThat(finding.reason()).isEqualTo(reason);
            assertThat(finding.message()).contains(sentence);
        });
        assertThat(world.peers()).isEmpty();
        assertThat(world.planned("n1")).isEmpty();
    }

    @Test
    void badInputTakesNothingFromWhatIsInForce() {
        var world = three().tunnel("pods", MESH).settles();
        var before = world.peers();
        List<PlannedTunnel> planned = world.planned("n1");

        world.tunnel("pods", "{ends: [{nodeSelector: {matchLabels: {nmae: n1}}}], traffic: {pods: {}}}")
                .settles();

        assertThat(world.peers()).isEqualTo(before);
        assertThat(world.planned("n1")).isEqualTo(planned);
    }

    @Test
    void peersThatSomebodyDeletedAreMadeAgainAndNumberedOnwards() {
        var world = three().tunnel("pods", MESH).settles();
        long last = world.peers().getFirst().spec().highestRevision();

        world.losePeers().settles();

        assertThat(world.peers().getFirst().spec().peers()).hasSize(3).allMatch(peer -> peer.revision() > last);
        assertThat(world.pair("n1", "pods", "n2").isOn()).isTrue();
    }

    @Test
    void aThousandNodesAreInSlicesThatNobodyLeaves() {
        var slicer = new PeerSlicer(List.of());
        var peers = new java.util.TreeMap<String, TunnelPeer>();
        IntStream.range(0, 1000).forEach(i -> peers.put("n%03d".formatted(i), peer("n%03d".formatted(i))));
        var of = new PeerSlicer.Of("pods", "uid");

        var slices = slicer.slice(of, peers, List.of(), 0);

        assertThat(slices).hasSize(10).allMatch(slice -> slice.spec().peers().size() == PeerSlicer.MAX_ENTRIES);
        assertThat(slices)
                .extracting(slice -> slice.spec().highestRevision())
                .isSorted()
                .doesNotHaveDuplicates();

        peers.remove("n150");
        peers.put("n1000", peer("n1000"));
        var after = new PeerSlicer(slices).slice(of, peers, slices, 0);
        var changed = new HashSet<>(after);
        slices.forEach(changed::remove);
        assertThat(changed).hasSize(1);
        assertThat(changed.iterator().next().spec().peer("n1000").map(TunnelPeer::revision))
                .isEqualTo(Optional.of(11L));
    }

    private static TunnelPeer peer(String name) {
        return new TunnelPeer(name, "uid-" + name, List.of("10.0.0.1"), List.of(), 0, 0L, null);
    }

    @Test
    void reqidsOfTunnelsDifferAndStay() {
        var world = three().tunnel("a", "{ends: [{nodeSelector: {}}], traffic: {pods: {}}}")
                .tunnel("b", "{ends: [{nodeSelector: {}}], traffic: {overlay: {protocol: GRE}}}")
                .settles();
        var reqids = world.planned("n1").stream().map(PlannedTunnel::reqid).toList();

        assertThat(reqids).hasSize(2).doesNotHaveDuplicates();
        assertThat(world.node("n4").settles().planned("n4"))
                .extracting(PlannedTunnel::reqid)
                .isEqualTo(reqids);
    }
}
