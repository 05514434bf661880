package io.ipsecxdp.operator.compile;

import static io.ipsecxdp.operator.compile.Fixtures.cpu;
import static io.ipsecxdp.operator.compile.Fixtures.flowHost;
import static io.ipsecxdp.operator.compile.Fixtures.flowNode;
import static io.ipsecxdp.operator.compile.Fixtures.host;
import static io.ipsecxdp.operator.compile.Fixtures.node;
import static io.ipsecxdp.operator.compile.Fixtures.nodeAt;
import static io.ipsecxdp.operator.compile.Fixtures.nothing;
import static io.ipsecxdp.operator.compile.Fixtures.onNode;
import static io.ipsecxdp.operator.compile.Fixtures.prefixes;
import static io.ipsecxdp.operator.compile.Fixtures.twoNodes;
import static io.ipsecxdp.operator.compile.Plans.entries;
import static io.ipsecxdp.operator.compile.Plans.findings;
import static io.ipsecxdp.operator.compile.Plans.message;
import static io.ipsecxdp.operator.compile.Plans.policies;
import static io.ipsecxdp.operator.compile.Plans.reasons;
import static io.ipsecxdp.operator.compile.Plans.sas;
import static io.ipsecxdp.operator.compile.Plans.steering;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSteering;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.Selector;
import java.util.List;
import java.util.Optional;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class CompilerTest {
    @Nested
    class AnSa {
        @Test
        void isPlannedOutboundAtItsSourceAndInboundAtItsDestination() {
            var compilation =
                    twoNodes().sa("east", cpu("n1", 1), cpu("n2", 3), 4096).compile();

            var out = sas(compilation, "n1").getFirst();
            assertThat(out.direction()).isEqualTo(SaDirection.Out);
            assertThat(out.ownerCpu()).contains(1);
            var in = sas(compilation, "n2").getFirst();
            assertThat(in.direction()).isEqualTo(SaDirection.In);
            assertThat(in.ownerCpu()).contains(3);
            assertThat(out.source()).isEqualTo(in.source()).isEqualTo("10.0.0.1");
            assertThat(out.destination()).isEqualTo(in.destination()).isEqualTo("10.0.0.2");
            assertThat(out.uid()).isEqualTo("uid-of-east");
        }

        @Test
        void withAHostOutsideIsPlannedAtTheNodeAlone() {
            var compilation = twoNodes()
                    .sa("to-outside", node("n1"), host("192.0.2.9"), 4096)
                    .sa("from-outside", host("192.0.2.9"), node("n1"), 4097)
                    .compile();

            assertThat(entries(compilation)).containsExactly("n1: from-outside", "n1: to-outside");
            assertThat(compilation.verdicts().get(Fixtures.sa("to-outside")).nodes())
                    .containsExactly("n1");
        }

        @Test
        void isPlannedAtTheAddressThatIsNamedBesideANode() {
            var given = twoNodes().agent("n1", "0-3", "10.0.0.1", "172.20.0.1");

            var compilation = given.sa("east", nodeAt("n1", "172.20.0.1"), node("n2"), 4096)
                    .compile();

            assertThat(sas(compilation, "n2").getFirst().source()).isEqualTo("172.20.0.1");
        }

        @Test
        void takesTheFamilyOfTheAddressAtTheOtherEnd() {
            var given = nothing().node("n1", "10.0.0.1", "fd00::1");

            var compilation =
                    given.sa("east", node("n1"), host("2001:DB8:0::9"), 4096).compile();

            var planned = sas(compilation, "n1").getFirst();
            assertThat(planned.source()).isEqualTo("fd00::1");
            assertThat(planned.destination()).isEqualTo("2001:db8::9");
        }

        @Test
        void takesAFamilyThatBothNodesHaveAndIpv4First() {
            var given = nothing()
                    .node("dual", "fd00::1", "10.0.0.1")
                    .node("also-dual", "fd00::2", "10.0.0.2")
                    .node("six", "fd00::3");

            var compilation = given.sa("both", node("dual"), node("also-dual"), 4096)
                    .sa("six", node("dual"), node("six"), 4097)
                    .compile();

            assertThat(compilation.verdicts().get(Fixtures.sa("both")).ends()).contains(ends("10.0.0.1", "10.0.0.2"));
            assertThat(compilation.verdicts().get(Fixtures.sa("six")).ends()).contains(ends("fd00::1", "fd00::3"));
        }

        @Test
        void toANodeThatDoesNotExistIsPlannedNowhereUntilTheNodeAppears() {
            var given = twoNodes().sa("east", node("n1"), node("n9"), 4096);

            var before = given.compile();
            assertThat(entries(before)).isEmpty();
            assertThat(reasons(before, Fixtures.sa("east"))).containsExactly(Reason.NodeNotFound);
            assertThat(message(before, Fixtures.sa("east"))).contains("n9", "spec.destination.node");

            var after = given.node("n9", "10.0.0.9").compile();
            assertThat(entries(after)).containsExactly("n1: east", "n9: east");
        }

        @Test
        void withAnotherNodesAddressSaysWhoseItIs() {
            var compilation = twoNodes()
                    .sa("east", nodeAt("n1", "10.0.0.2"), host("192.0.2.9"), 4096)
                    .compile();

            assertThat(reasons(compilation, Fixtures.sa("east"))).containsExactly(Reason.AddressNotOnNode);
            assertThat(message(compilation, Fixtures.sa("east"))).contains("n2", "spec.source.node: n2");
        }

        @Test
        void withAnAddressOfTheNodeThatNobodyHasReportedYetIsNotJudged() {
            var compilation = twoNodes()
                    .withoutFactsOf("n1")
                    .sa("east", nodeAt("n1", "172.20.0.1"), node("n2"), 4096)
                    .compile();

            assertThat(entries(compilation)).isEmpty();
            assertThat(reasons(compilation, Fixtures.sa("east"))).containsExactly(Reason.AgentNotReporting);
        }

        @Test
        void whoseOutsideHostIsANodeNamesTheRemedy() {
            var compilation =
                    twoNodes().sa("east", node("n1"), host("10.0.0.2"), 4096).compile();

            assertThat(reasons(compilation, Fixtures.sa("east"))).containsExactly(Reason.AddressOfNode);
            assertThat(message(compilation, Fixtures.sa("east"))).contains("write node: n2");
        }

        @Test
        void toAnAddressThatEveryNodeHasForItselfIsNotMistakenForANodes() {
            var compilation = twoNodes()
                    .agent("n1", "0-3", "10.0.0.1", "172.17.0.1", "169.254.1.1")
                    .agent("n2", "0-3", "10.0.0.2", "172.17.0.1")
                    .sa("bridge", node("n1"), host("172.17.0.1"), 4096)
                    .sa("link-local", node("n1"), host("169.254.1.1"), 4097)
                    .compile();

            assertThat(entries(compilation)).containsExactly("n1: bridge", "n1: link-local");
        }

        @Test
        void betweenNodesWithoutACommonFamilyIsAFinding() {
            var compilation = nothing()
                    .node("four", "10.0.0.1")
                    .node("six", "fd00::2")
                    .sa("east", node("four"), node("six"), 4096)
                    .compile();

            assertThat(reasons(compilation, Fixtures.sa("east"))).containsExactly(Reason.MixedFamilies);
        }

        @Test
        void toAnIpv6HostFromANodeThatHasIpv4OnlyNamesTheNode() {
            var compilation =
                    twoNodes().sa("east", node("n1"), host("2001:db8::9"), 4096).compile();

            assertThat(reasons(compilation, Fixtures.sa("east"))).containsExactly(Reason.NoAddressOfFamily);
            assertThat(message(compilation, Fixtures.sa("east"))).contains("n1", "IPv6");
        }

        @Test
        void whoseNodesShareAnAddressHasTheSameEnds() {
            var compilation = nothing()
                    .node("n1", "10.0.0.1")
                    .node("n2", "10.0.0.1")
                    .sa("east", node("n1"), node("n2"), 4096)
                    .compile();

            assertThat(reasons(compilation, Fixtures.sa("east"))).containsExactly(Reason.SameEnds);
        }

        @Test
        void onACpuThatTheNodeDoesNotHaveSaysWhichItHas() {
            var compilation =
                    twoNodes().sa("east", cpu("n1", 7), node("n2"), 4096).compile();

            assertThat(entries(compilation)).isEmpty();
            assertThat(reasons(compilation, Fixtures.sa("east"))).containsExactly(Reason.CpuNotOnNode);
            assertThat(message(compilation, Fixtures.sa("east"))).contains("n1", "CPU 7", "0-3");
        }

        @Test
        void onANodeWhoseCpusAreUnknownIsPlannedAndLeftToTheAgent() {
            var compilation = twoNodes()
                    .withoutFactsOf("n1")
                    .sa("east", cpu("n1", 7), node("n2"), 4096)
                    .compile();

            assertThat(entries(compilation)).containsExactly("n1: east", "n2: east");
        }

        @Test
        void ofBeforeARuleIsInvalidAndStopsNoOther() {
            var compilation = twoNodes()
                    .sa("no-node", host("192.0.2.1"), host("192.0.2.2"), 4096)
                    .sa("one-node", node("n1"), nodeAt("n1", "10.0.0.1"), 4097)
                    .sa("no-address", node("n1"), host("gateway.example"), 4098)
                    .sa("nothing-named", node("n1"), host(null), 4099)
                    .sa("fine", node("n1"), node("n2"), 4100)
                    .compile();

            for (String name : new String[] {"no-node", "one-node", "no-address", "nothing-named"}) {
                assertThat(reasons(compilation, Fixtures.sa(name))).as(name).contains(Reason.Invalid);
            }
            assertThat(entries(compilation)).containsExactly("n1: fine", "n2: fine");
        }
    }

    @Nested
    class TwoSas {
        @Test
        void withOneDestinationAndSpiTheOlderGoesOnAndTheYoungerNamesIt() {
            var compilation = twoNodes()
                    .sa("a-young", node("n1"), node("n2"), 4096)
                    .sa("b-old", host("192.0.2.9"), node("n2"), 4096)
                    .sa("other", node("n1"), node("n2"), 4097)
                    .createdAt("b-old", Fixtures.NOON.minusSeconds(1))
                    .compile();

            assertThat(findings(compilation, Fixtures.sa("b-old"))).isEmpty();
            assertThat(reasons(compilation, Fixtures.sa("a-young"))).containsExactly(Reason.DuplicateSpi);
            assertThat(message(compilation, Fixtures.sa("a-young")))
                    .contains("SecurityAssociation b-old", "4096", "10.0.0.2");
            assertThat(entries(compilation)).containsExactly("n1: other", "n2: b-old", "n2: other");
        }

        @Test
        void ofOneAgeAreToldApartByName() {
            var compilation = twoNodes()
                    .sa("b", node("n1"), node("n2"), 4096)
                    .sa("a", node("n1"), node("n2"), 4096)
                    .compile();

            assertThat(findings(compilation, Fixtures.sa("a"))).isEmpty();
            assertThat(reasons(compilation, Fixtures.sa("b"))).containsExactly(Reason.DuplicateSpi);
        }

        @Test
        void withOneSpiToTwoDestinationsAreTwoSas() {
            var compilation = twoNodes()
                    .sa("east", node("n1"), node("n2"), 4096)
                    .sa("west", node("n2"), node("n1"), 4096)
                    .compile();

            assertThat(entries(compilation)).hasSize(4);
        }

        @Test
        void withOneKeyTheYoungerNamesTheOlderAndTheKey() {
            var compilation = twoNodes()
                    .sa("east", node("n1"), node("n2"), 4096, "shared")
                    .sa("west", node("n2"), node("n1"), 4097, "shared")
                    .createdAt("west", Fixtures.NOON.plusSeconds(1))
                    .compile();

            assertThat(reasons(compilation, Fixtures.sa("west"))).containsExactly(Reason.KeyUsedTwice);
            assertThat(message(compilation, Fixtures.sa("west"))).contains("SecurityAssociation east", "shared/key");
            assertThat(entries(compilation)).containsExactly("n1: east", "n2: east");
        }

        @Test
        void withOneKeyConflictEvenIfTheOlderCannotBePlanned() {
            var compilation = twoNodes()
                    .sa("a-lost", node("n9"), node("n2"), 4096, "shared")
                    .sa("b", node("n1"), node("n2"), 4097, "shared")
                    .compile();

            assertThat(reasons(compilation, Fixtures.sa("b"))).containsExactly(Reason.KeyUsedTwice);
        }

        @Test
        void recoverWhenTheConflictIsGone() {
            var given = twoNodes()
                    .sa("a", node("n1"), node("n2"), 4096)
                    .sa("b", node("n1"), node("n2"), 4096)
                    .planned();

            var compilation = given.delete("a").compile();

            assertThat(findings(compilation, Fixtures.sa("b"))).isEmpty();
            assertThat(entries(compilation)).containsExactly("n1: b", "n2: b");
        }
    }

    @Nested
    class APolicy {
        @Test
        void isPlannedOutAtItsSourceAndInAndForwardAtItsDestination() {
            var compilation = twoNodes()
                    .policy("flow", 1, flowNode("n1"), flowNode("n2"), prefixes("10.20.1.0/24", "10.20.2.0/24"))
                    .compile();

            assertThat(entries(compilation)).containsExactly("n1: flow Out", "n2: flow Forward", "n2: flow In");
            var out = policies(compilation, "n1").getFirst();
            assertThat(out.selectorSource()).isEqualTo("10.20.1.0/24");
            assertThat(out.protection().orElseThrow().source()).isEqualTo("10.0.0.1");
            assertThat(out.protection().orElseThrow().destination()).isEqualTo("10.0.0.2");
        }

        @Test
        void withoutASelectorIsForTheEndsAlone() {
            var compilation =
                    twoNodes().policy("flow", flowNode("n1"), flowNode("n2")).compile();

            var out = policies(compilation, "n1").getFirst();
            assertThat(out.selectorSource()).isEqualTo("10.0.0.1/32");
            assertThat(out.selectorDestination()).isEqualTo("10.0.0.2/32");
        }

        @Test
        void thatDoesNotProtectHasNoTemplate() {
            var compilation = twoNodes()
                    .policy(
                            "pass",
                            1,
                            flowNode("n1"),
                            flowNode("n2"),
                            Selector.betweenTheEnds(),
                            PolicyAction.Bypass,
                            SaMode.Tunnel)
                    .compile();

            assertThat(policies(compilation, "n1").getFirst().protection()).isEmpty();
        }

        @Test
        void inTransportModeTakesTheFamilyOfItsSelector() {
            var compilation = nothing()
                    .node("n1", "10.0.0.1", "fd00::1")
                    .node("n2", "10.0.0.2", "fd00::2")
                    .policy(
                            "flow",
                            1,
                            flowNode("n1"),
                            flowNode("n2"),
                            prefixes("fd00::1/128", "fd00::2/128"),
                            PolicyAction.Protect,
                            SaMode.Transport)
                    .compile();

            assertThat(policies(compilation, "n1")
                            .getFirst()
                            .protection()
                            .orElseThrow()
                            .source())
                    .isEqualTo("fd00::1");
        }

        @Test
        void inTunnelModeMayCarryTheOtherFamily() {
            var compilation = twoNodes()
                    .policy("flow", 1, flowNode("n1"), flowNode("n2"), prefixes("fd20:1::/64", "fd20:2::/64"))
                    .compile();

            assertThat(policies(compilation, "n1").getFirst().selectorSource()).isEqualTo("fd20:1::/64");
        }

        @Test
        void whoseHalfSelectorIsOfAFamilyThatTheNodesLackIsAFinding() {
            var compilation = twoNodes()
                    .policy("flow", 1, flowNode("n1"), flowNode("n2"), prefixes("fd20:1::/64", null))
                    .compile();

            assertThat(reasons(compilation, Fixtures.policy("flow"))).containsExactly(Reason.NoAddressOfFamily);
        }

        @Test
        void withTheSelectorOfAnotherOnTheSameNodeNamesIt() {
            var selector = prefixes("10.20.1.0/24", "10.20.0.0/16");
            var compilation = twoNodes()
                    .policy("a", 1, flowNode("n1"), flowNode("n2"), selector)
                    .policy("b", 1, flowNode("n1"), flowHost("192.0.2.9"), selector)
                    .policy("c", 1, flowHost("192.0.2.9"), flowNode("n1"), selector)
                    .compile();

            assertThat(reasons(compilation, Fixtures.policy("b"))).containsExactly(Reason.DuplicateSelector);
            assertThat(message(compilation, Fixtures.policy("b"))).contains("SecurityPolicy a", "n1", "Out");
            assertThat(findings(compilation, Fixtures.policy("c")))
                    .as("another direction")
                    .isEmpty();
            assertThat(policies(compilation, "n1"))
                    .extracting(PlannedPolicy::name)
                    .containsExactly("a", "c", "c");
        }

        @Test
        void withASelectorThatDiffersInAPortIsAnotherPolicy() {
            var compilation = twoNodes()
                    .policy("a", flowNode("n1"), flowNode("n2"))
                    .policy(
                            "b",
                            1,
                            flowNode("n1"),
                            flowNode("n2"),
                            new Selector(null, null, new IntOrString("TCP"), null, null, 443, null, null, null))
                    .compile();

            assertThat(findings(compilation, Fixtures.policy("b"))).isEmpty();
        }
    }

    @Nested
    class ASteeringPolicy {
        @Test
        void withoutSelectorAndCpusIsForAllNodesAndAllTheirCpus() {
            var compilation = twoNodes().steerAll("all", "eth1", "eth0", "eth0").compile();

            assertThat(entries(compilation)).containsExactly("n1: all", "n2: all");
            assertThat(steering(compilation, "n1").getFirst().interfaces()).containsExactly("eth0", "eth1");
            assertThat(steering(compilation, "n1").getFirst().cpus()).isEqualTo("0-3");
        }

        @Test
        void isForTheNodesThatItsSelectorSelects() {
            var expressions = new LabelSelectorBuilder()
                    .addNewMatchExpression()
                    .withKey("name")
                    .withOperator("NotIn")
                    .withValues("n1")
                    .endMatchExpression()
                    .addNewMatchExpression()
                    .withKey("name")
                    .withOperator("Exists")
                    .endMatchExpression()
                    .build();

            var compilation = twoNodes()
                    .steer("one", onNode("n1"), "0-1", "eth0")
                    .steer("not-one", expressions, "0-1", "eth0")
                    .compile();

            assertThat(entries(compilation)).containsExactly("n1: one", "n2: not-one");
        }

        @Test
        void losesOnlyTheInterfaceThatAnotherHas() {
            var compilation = twoNodes()
                    .steer("a", onNode("n1"), null, "eth0")
                    .steerAll("b", "eth0", "eth1")
                    .compile();

            assertThat(findings(compilation, Fixtures.steering("a"))).isEmpty();
            assertThat(findings(compilation, Fixtures.steering("b")))
                    .singleElement()
                    .satisfies(finding -> {
                        assertThat(finding.reason()).isEqualTo(Reason.InterfaceTaken);
                        assertThat(finding.node()).contains("n1");
                        assertThat(finding.message()).contains("SteeringPolicy a", "eth0");
                    });
            assertThat(steering(compilation, "n1"))
                    .extracting(
                            PlannedSteering::name,
                            steering -> steering.interfaces().toString())
                    .containsExactly(Tuple.tuple("a", "[eth0]"), Tuple.tuple("b", "[eth1]"));
            assertThat(steering(compilation, "n2").getFirst().interfaces()).containsExactly("eth0", "eth1");
        }

        @Test
        void withACpuThatOneNodeLacksLosesThatNodeOnly() {
            var compilation = twoNodes()
                    .agent("n1", "0-1", "10.0.0.1")
                    .steer("all", null, "0-3", "eth0")
                    .compile();

            assertThat(entries(compilation)).containsExactly("n2: all");
            assertThat(findings(compilation, Fixtures.steering("all")))
                    .singleElement()
                    .satisfies(finding -> {
                        assertThat(finding.reason()).isEqualTo(Reason.CpuNotOnNode);
                        assertThat(finding.node()).contains("n1");
                        assertThat(finding.message()).contains("2-3");
                    });
        }

        @Test
        void withABackwardRangeOfCpusIsInvalidAndKeepsWhatIsInForce() {
            var given = twoNodes().steer("all", null, "0-3", "eth0").planned();

            var compilation = given.steer("all", 2, null, "3-1", "eth0").compile();

            assertThat(reasons(compilation, Fixtures.steering("all"))).containsExactly(Reason.Invalid);
            assertThat(steering(compilation, "n1").getFirst().cpus()).isEqualTo("0-3");
        }

        @Test
        void leavesANodeThatItNoLongerSelectsWithAnEmptyPlan() {
            var given = twoNodes().steerAll("all", "eth0").planned();

            var compilation = given.steer("all", 2, onNode("n1"), null, "eth0").compile();

            assertThat(entries(compilation)).containsExactly("n1: all");
            assertThat(compilation.slices())
                    .extracting(slice -> slice.spec().node())
                    .containsExactly("n1", "n2");
        }
    }

    @Nested
    class WhatIsInForce {
        private final Fixtures inForce = twoNodes()
                .sa("east", cpu("n1", 1), node("n2"), 4096)
                .policy("flow", flowNode("n1"), flowNode("n2"))
                .steerAll("all", "eth0")
                .planned();

        @Test
        void staysWhenAFactGoesMissing() {
            var before = inForce.compile().slices();

            assertThat(inForce.withoutFactsOf("n1").compile().slices())
                    .as("no IPsecNode")
                    .isEqualTo(before);
            assertThat(inForce.nodeWithoutAgent("n1").compile().slices())
                    .as("no InternalIP")
                    .isEqualTo(before);
            assertThat(inForce.withoutTheNode("n1").compile().slices())
                    .as("no Node")
                    .isEqualTo(before);
            assertThat(inForce.withoutTheNode("n1")
                            .withoutFactsOf("n1")
                            .compile()
                            .slices())
                    .as("no Node and no IPsecNode")
                    .isEqualTo(before);
            assertThat(inForce.agentDies("n1").agentDies("n2").compile().slices())
                    .as("no Lease")
                    .isEqualTo(before);
            assertThat(inForce.agent("n1", "0", "10.0.0.1")
                            .compile()
                            .slices()
                            .getFirst()
                            .spec()
                            .securityAssociations())
                    .as("CPU offline")
                    .isEqualTo(before.getFirst().spec().securityAssociations());
        }

        @Test
        void isReportedWhenItsNodeGoesMissing() {
            var compilation = inForce.withoutTheNode("n1").compile();

            assertThat(reasons(compilation, Fixtures.sa("east"))).containsExactly(Reason.NodeNotFound);
            assertThat(compilation.verdicts().get(Fixtures.sa("east")).ends()).contains(ends("10.0.0.1", "10.0.0.2"));
        }

        @Test
        void staysAtItsAddressWhenANodeGainsAnother() {
            var six = nothing()
                    .node("n1", "fd00::1")
                    .node("n2", "fd00::2")
                    .sa("east", node("n1"), node("n2"), 4096)
                    .planned();

            var compilation = six.node("n1", "10.0.0.1", "fd00::1")
                    .node("n2", "10.0.0.2", "fd00::2")
                    .compile();

            assertThat(sas(compilation, "n1").getFirst().source()).isEqualTo("fd00::1");
        }

        @Test
        void followsANodeThatHasAnotherAddressNow() {
            var compilation = inForce.node("n1", "10.0.0.7").compile();

            assertThat(sas(compilation, "n1").getFirst().source()).isEqualTo("10.0.0.7");
            assertThat(sas(compilation, "n2").getFirst().source()).isEqualTo("10.0.0.7");
        }

        @Test
        void isRemovedWithItsObject() {
            var compilation =
                    inForce.delete("east").delete("flow").delete("all").compile();

            assertThat(entries(compilation)).isEmpty();
            assertThat(compilation.slices()).as("empty plans order removal").hasSize(2);
        }

        @Test
        void staysInItsFormerVersionWhenTheNewOneCannotBePlanned() {
            var before = policies(inForce.compile(), "n1");

            var compilation = inForce.policy("flow", 2, flowNode("n9"), flowNode("n2"), Selector.betweenTheEnds())
                    .compile();

            assertThat(reasons(compilation, Fixtures.policy("flow"))).containsExactly(Reason.NodeNotFound);
            assertThat(policies(compilation, "n1")).isEqualTo(before);
        }

        @Test
        void isNotTakenDownByAnOlderObjectThatBecomesPossible() {
            var given = twoNodes()
                    .sa("older", node("n9"), node("n2"), 4096)
                    .createdAt("older", Fixtures.NOON.minusSeconds(60))
                    .sa("younger", node("n1"), node("n2"), 4096)
                    .planned();

            var compilation = given.node("n9", "10.0.0.9").compile();

            assertThat(findings(compilation, Fixtures.sa("younger"))).isEmpty();
            assertThat(reasons(compilation, Fixtures.sa("older"))).containsExactly(Reason.DuplicateSpi);
        }

        @Test
        void isNotTakenDownByAnOlderObjectThatChanges() {
            var given = twoNodes()
                    .policy("a", 1, flowNode("n1"), flowNode("n2"), prefixes("10.20.1.0/24", "10.20.2.0/24"))
                    .policy("b", 1, flowNode("n1"), flowNode("n2"), prefixes("10.30.1.0/24", "10.30.2.0/24"))
                    .planned();

            var compilation = given.policy(
                            "a", 2, flowNode("n1"), flowNode("n2"), prefixes("10.30.1.0/24", "10.30.2.0/24"))
                    .compile();

            assertThat(findings(compilation, Fixtures.policy("b"))).isEmpty();
            assertThat(reasons(compilation, Fixtures.policy("a"))).containsExactly(Reason.DuplicateSelector);
            assertThat(policies(compilation, "n1"))
                    .extracting(PlannedPolicy::name, PlannedPolicy::generation, PlannedPolicy::selectorSource)
                    .containsExactly(Tuple.tuple("a", 1L, "10.20.1.0/24"), Tuple.tuple("b", 1L, "10.30.1.0/24"));
        }

        @Test
        void mayTradeItsSelectorForAnothers() {
            var given = twoNodes()
                    .policy("a", 1, flowNode("n1"), flowNode("n2"), prefixes("10.20.1.0/24", "10.20.2.0/24"))
                    .policy("b", 1, flowNode("n1"), flowNode("n2"), prefixes("10.30.1.0/24", "10.30.2.0/24"))
                    .planned();

            var compilation = given.policy(
                            "a", 2, flowNode("n1"), flowNode("n2"), prefixes("10.30.1.0/24", "10.30.2.0/24"))
                    .policy("b", 2, flowNode("n1"), flowNode("n2"), prefixes("10.20.1.0/24", "10.20.2.0/24"))
                    .compile();

            assertThat(compilation.verdicts().values())
                    .allMatch(verdict -> verdict.findings().isEmpty());
        }

        @Test
        void ofAnObjectThatWasDeletedAndDeclaredAgainIsReplacedInItsPlace() {
            var compilation = inForce.withUid("east", "another-uid").compile();

            assertThat(sas(compilation, "n1"))
                    .singleElement()
                    .satisfies(sa -> assertThat(sa.uid()).isEqualTo("another-uid"));
            assertThat(compilation.slices()).hasSize(2);
        }

        @Test
        void keepsItsInterfaceAgainstAnOlderPolicyThatComesToTheNode() {
            var given = twoNodes()
                    .steer("b", onNode("n1"), null, "eth0")
                    .steer("a", onNode("n2"), null, "eth0")
                    .createdAt("a", Fixtures.NOON.minusSeconds(60))
                    .planned();

            var compilation = given.steer("a", 2, null, null, "eth0")
                    .createdAt("a", Fixtures.NOON.minusSeconds(60))
                    .compile();

            assertThat(steering(compilation, "n1"))
                    .extracting(PlannedSteering::name)
                    .containsExactly("b");
            assertThat(reasons(compilation, Fixtures.steering("a"))).containsExactly(Reason.InterfaceTaken);
        }
    }

    @Nested
    class ThePlans {
        @Test
        void areMadeOnlyForNodesThatHaveSomethingToDo() {
            var compilation =
                    twoNodes().sa("out", node("n1"), host("192.0.2.9"), 4096).compile();

            assertThat(compilation.slices()).singleElement().satisfies(slice -> {
                assertThat(slice.name()).isEqualTo("n1-0");
                assertThat(slice.nodeUid()).contains("uid-of-n1");
            });
        }

        @Test
        void ofANodeThatIsGoneAreDeletedOnlyWhenItsAgentIsGoneToo() {
            var given =
                    twoNodes().sa("out", node("n1"), host("192.0.2.9"), 4096).planned();

            var alive = given.withoutTheNode("n1").compile();
            assertThat(alive.abandoned()).isEmpty();
            assertThat(entries(alive)).containsExactly("n1: out");

            var dead = given.withoutTheNode("n1").agentDies("n1").compileNow();
            assertThat(dead.abandoned()).containsExactly("n1-0");
            assertThat(dead.slices()).isEmpty();

            assertThat(given.agentDies("n1").compile().abandoned())
                    .as("the Node is there")
                    .isEmpty();
        }

        @Test
        void ofAPeerKeepWhatWasPlannedWithANodeThatIsGone() {
            var given = twoNodes().sa("east", node("n1"), node("n2"), 4096).planned();

            var compilation = given.withoutTheNode("n1").agentDies("n1").compileNow();

            assertThat(compilation.abandoned()).containsExactly("n1-0");
            assertThat(entries(compilation)).containsExactly("n2: east");
        }

        @Test
        void areCutIntoSlices() {
            var given = twoNodes();
            int count = Slicer.MAX_ENTRIES + 1;
            for (int i = 0; i < count; i++) {
                given = given.sa("sa-%04d".formatted(i), node("n1"), host("192.0.2.9"), 4096 + i);
            }

            var compilation = given.compile();

            assertThat(compilation.slices()).extracting(PlannedSlice::name).containsExactly("n1-0", "n1-1");
            assertThat(compilation.slices().get(0).spec().securityAssociations())
                    .hasSize(Slicer.MAX_ENTRIES);
            assertThat(compilation.slices().get(1).spec().securityAssociations())
                    .hasSize(1);

            var room = given.planned().delete("sa-0000").sa("a-new-one", node("n1"), host("192.0.2.9"), 100_000);
            assertThat(room.compile().slices().get(0).spec().securityAssociations())
                    .as("a new entry fills the first slice with room; the one in the second stays there")
                    .hasSize(Slicer.MAX_ENTRIES)
                    .anyMatch(sa -> sa.name().equals("a-new-one"));
            assertThat(room.compile().slices().get(1).spec())
                    .isEqualTo(compilation.slices().get(1).spec());
        }

        @Test
        void ofNodesWithLongNamesHaveNamesThatAreAllowedAndTheirOwn() {
            String one = "n".repeat(252) + "1";
            String two = "n".repeat(252) + "2";

            var compilation = nothing()
                    .node(one, "10.0.0.1")
                    .node(two, "10.0.0.2")
                    .sa("east", node(one), node(two), 4096)
                    .compile();

            assertThat(compilation.slices())
                    .extracting(PlannedSlice::name)
                    .doesNotHaveDuplicates()
                    .hasSize(2)
                    .allMatch(name -> name.length() <= 253);
        }

        @Test
        void ofANodeWithATakenNameGetAnother() {
            var given = twoNodes().sa("out", node("n1"), host("192.0.2.9"), 4096);
            var foreign = given.compile().slices().getFirst();

            var compilation = given.slices(List.of(new ExistingSlice(
                            "n1-0",
                            Optional.empty(),
                            new NodePlanSpec("n2", List.of(), List.of(), List.of()),
                            1,
                            Optional.empty())))
                    .compile();

            assertThat(compilation.slices()).extracting(PlannedSlice::name).containsExactly("n1-1", "n1-0");
            assertThat(compilation.slices().getFirst().spec()).isEqualTo(foreign.spec());
        }
    }

    private static EndAddresses ends(String source, String destination) {
        return new EndAddresses(
                IpAddress.parse(source).orElseThrow(),
                IpAddress.parse(destination).orElseThrow());
    }
}
