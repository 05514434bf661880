package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.Templates;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmOffload;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A node 10.0.0.1 whose API server is 10.0.0.9 port 6443. */
class ApiServerWayTest {

    private static final IpProtocol TCP = new IpProtocol(6);
    private static final IpProtocol UDP = new IpProtocol(17);
    private static final PortMatch API_PORT = PortMatch.exactly(6443);

    private static final Endpoint API_SERVER = new Endpoint(ip("10.0.0.9"), 6443);

    private static final ApiServerWay WAY =
            new ApiServerWay(Set.of(API_SERVER), Set.of(ip("10.0.0.1"), ip("fd00::1")), 32768, 60999);

    private static final ApiServerWay ON_THE_API_SERVERS_NODE =
            new ApiServerWay(Set.of(API_SERVER), Set.of(ip("10.0.0.9")), 32768, 60999);

    private static XfrmSelector between(String source, String destination) {
        return XfrmSelector.between(prefix(source), prefix(destination));
    }

    private static Policy protect(PolicyDir direction, XfrmSelector selector) {
        Template template = Templates.espTransport(selector.family(), 0x1000_0001L);
        return new Policy(PolicyId.of(direction, selector), 1000, Policy.Action.ALLOW, List.of(template));
    }

    private static Policy discard(PolicyDir direction, XfrmSelector selector) {
        return new Policy(PolicyId.of(direction, selector), 1000, Policy.Action.BLOCK, List.of());
    }

    @Test
    void aPolicyBetweenTheNodesCoversIt() {
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, between("10.0.0.0/24", "10.0.0.0/24"))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(protect(PolicyDir.IN, between("10.0.0.0/24", "10.0.0.0/24"))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(protect(PolicyDir.FORWARD, between("10.0.0.0/24", "10.0.0.0/24"))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(discard(PolicyDir.OUT, between("0.0.0.0/0", "0.0.0.0/0"))))
                .contains(API_SERVER);
    }

    private static PolicyId bypass(PolicyDir direction, XfrmSelector selector, PortMatch from, PortMatch to) {
        return PolicyId.of(direction, selector.with(TCP, from, to));
    }

    @Test
    void aBypassIsForTheConnectionAloneAndInTheDirectionOfThePolicy() {
        Policy out = protect(PolicyDir.OUT, between("10.0.0.0/24", "10.0.0.0/24"));
        Policy in = protect(PolicyDir.IN, between("10.0.0.0/24", "10.0.0.0/24"));
        assertThat(WAY.bypasses(out))
                .containsExactly(bypass(PolicyDir.OUT, between("10.0.0.1/32", "10.0.0.9/32"), PortMatch.ANY, API_PORT));
        assertThat(WAY.bypasses(in))
                .containsExactly(bypass(PolicyDir.IN, between("10.0.0.9/32", "10.0.0.1/32"), API_PORT, PortMatch.ANY));
        assertThat(WAY.bypasses(protect(PolicyDir.OUT, between("10.1.0.0/16", "10.0.0.0/24"))))
                .isEmpty();
        assertThat(WAY.obstacle(out)).isEmpty();
    }

    @Test
    void onTheApiServersNodeItIsForAllWhoReachIt() {
        Policy out = protect(PolicyDir.OUT, between("10.0.0.0/24", "10.0.0.0/24"));
        Policy in = protect(PolicyDir.IN, between("10.0.0.0/24", "10.0.0.0/24"));
        assertThat(ON_THE_API_SERVERS_NODE.bypasses(out))
                .containsExactly(bypass(PolicyDir.OUT, between("10.0.0.9/32", "0.0.0.0/0"), API_PORT, PortMatch.ANY));
        assertThat(ON_THE_API_SERVERS_NODE.bypasses(in))
                .containsExactly(bypass(PolicyDir.IN, between("0.0.0.0/0", "10.0.0.9/32"), PortMatch.ANY, API_PORT));
    }

    @Test
    void anAddressThatNoConnectionToItUsesIsNoReason() {
        ApiServerWay gateway = new ApiServerWay(
                Set.of(API_SERVER),
                Set.of(ip("10.0.0.1"), ip("10.244.1.1")),
                Set.of(ip("10.0.0.1")),
                true,
                32768,
                60999);
        assertThat(gateway.coveredBy(protect(PolicyDir.OUT, between("10.244.1.0/24", "0.0.0.0/0"))))
                .isEmpty();
        assertThat(gateway.coveredBy(protect(PolicyDir.OUT, between("10.0.0.0/8", "0.0.0.0/0"))))
                .contains(API_SERVER);
    }

    @Test
    void noBypassCanStandBeforeTheHighestPriorityADeviceOrNeighbourDiscovery() {
        XfrmSelector all = between("10.0.0.0/24", "10.0.0.0/24");
        Policy first = new Policy(PolicyId.of(PolicyDir.OUT, all), 0, Policy.Action.BLOCK, List.of());
        Policy ofADevice = new Policy(
                PolicyId.of(PolicyDir.OUT, all),
                5,
                Policy.Action.ALLOW,
                List.of(Templates.espTransport(all.family(), 1)),
                Set.of(),
                Optional.of(new XfrmOffload(3, true)));
        assertThat(WAY.obstacle(first))
                .hasValueSatisfying(why -> assertThat(why).contains("priority"));
        assertThat(WAY.obstacle(ofADevice))
                .hasValueSatisfying(why -> assertThat(why).contains("device"));
        assertThat(WAY_6.obstacle(discard(PolicyDir.OUT, between("::/0", "::/0"))))
                .hasValueSatisfying(why -> assertThat(why).contains("neighbour discovery"));
        assertThat(WAY.obstacle(protect(PolicyDir.OUT, between("10.0.0.1/32", "10.0.0.2/32"))))
                .isEmpty();
    }

    @Test
    void whileNotAllApiServersAreKnownAWidePolicyMayCoverTheWay() {
        ApiServerWay partly = new ApiServerWay(
                Set.of(new Endpoint(ip("10.96.0.1"), 443)),
                Set.of(ip("10.0.0.1"), ip("10.244.1.1")),
                Set.of(ip("10.0.0.1")),
                false,
                32768,
                60999);
        XfrmSelector wide = between("10.0.0.0/24", "10.0.0.0/24");
        Policy policy = protect(PolicyDir.OUT, wide);
        assertThat(partly.mayBeCoveredBy(policy)).isTrue();
        assertThat(partly.mayBeCoveredBy(protect(PolicyDir.IN, wide))).isTrue();
        assertThat(partly.mayBeCoveredBy(protect(PolicyDir.OUT, wide.with(TCP, PortMatch.ANY, API_PORT))))
                .isTrue();
        assertThat(WAY.mayBeCoveredBy(policy)).as("all are known").isFalse();
        assertThat(partly.mayBeCoveredBy(protect(PolicyDir.OUT, between("10.0.0.1/32", "10.0.0.2/32"))))
                .as("to one address")
                .isFalse();
        assertThat(partly.mayBeCoveredBy(
                        protect(PolicyDir.OUT, wide.with(TCP, PortMatch.ANY, PortMatch.exactly(5432)))))
                .as("to a port of no API server")
                .isFalse();
        assertThat(partly.mayBeCoveredBy(protect(PolicyDir.OUT, wide.with(UDP, PortMatch.ANY, PortMatch.ANY))))
                .isFalse();
        assertThat(partly.mayBeCoveredBy(protect(PolicyDir.OUT, between("10.244.1.0/24", "0.0.0.0/0"))))
                .as("of pods")
                .isFalse();
    }

    @Test
    void aBypassDoesNot() {
        Policy bypass = new Policy(
                PolicyId.of(PolicyDir.OUT, between("0.0.0.0/0", "0.0.0.0/0")), 1, Policy.Action.ALLOW, List.of());
        assertThat(WAY.coveredBy(bypass)).isEmpty();
    }

    @Test
    void aPolicyBetweenOthersDoesNot() {
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, between("10.1.0.0/16", "10.0.0.0/24"))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, between("10.0.0.1/32", "10.0.0.2/32"))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDir.IN, between("10.0.0.1/32", "10.0.0.9/32"))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, between("fd00::/64", "fd00::/64"))))
                .isEmpty();
    }

    @Test
    void aPolicyForAnotherProtocolOrPortDoesNot() {
        XfrmSelector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, all.with(UDP, PortMatch.ANY, PortMatch.ANY))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, all.with(TCP, PortMatch.ANY, PortMatch.exactly(443)))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, all.with(TCP, PortMatch.exactly(443), PortMatch.ANY))))
                .isEmpty();
    }

    @Test
    void aPolicyForItsPortDoes() {
        XfrmSelector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, all.with(TCP, PortMatch.ANY, API_PORT))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(protect(PolicyDir.IN, all.with(TCP, API_PORT, PortMatch.ANY))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(protect(PolicyDir.IN, all.with(TCP, PortMatch.ANY, API_PORT))))
                .isEmpty();
    }

    @Test
    void aPolicyForAPortThatTheNodeMayConnectFromDoes() {
        XfrmSelector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, all.with(TCP, PortMatch.exactly(40000), PortMatch.ANY))))
                .contains(API_SERVER);
    }

    @Test
    void onTheApiServersNodeThePoliciesOfTheOthersWayAreRefusedToo() {
        XfrmSelector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(ON_THE_API_SERVERS_NODE.coveredBy(protect(PolicyDir.IN, all)))
                .contains(API_SERVER);
        assertThat(ON_THE_API_SERVERS_NODE.coveredBy(protect(PolicyDir.OUT, all)))
                .contains(API_SERVER);
        assertThat(ON_THE_API_SERVERS_NODE.coveredBy(
                        protect(PolicyDir.IN, all.with(TCP, PortMatch.ANY, PortMatch.exactly(80)))))
                .isEmpty();
    }

    private static final Endpoint API_SERVER_6 = new Endpoint(ip("fd00::9"), 6443);
    private static final ApiServerWay WAY_6 =
            new ApiServerWay(Set.of(API_SERVER_6), Set.of(ip("fd00::1")), 32768, 60999);

    @Test
    void overIpv6ItIsGuardedAsWell() {
        for (PolicyDir direction : List.of(PolicyDir.OUT, PolicyDir.IN, PolicyDir.FORWARD)) {
            assertThat(WAY_6.coveredBy(protect(direction, between("fd00::/64", "fd00::/64"))))
                    .contains(API_SERVER_6);
            assertThat(WAY_6.coveredBy(discard(direction, between("::/0", "::/0"))))
                    .contains(API_SERVER_6);
            assertThat(WAY_6.coveredBy(discard(direction, between("0.0.0.0/0", "0.0.0.0/0"))))
                    .isEmpty();
        }
    }

    @Test
    void aPolicyOverNeighbourDiscoveryWouldCutItOff() {
        XfrmSelector everywhere = between("::/0", "::/0");
        IpProtocol icmp = new IpProtocol(58);
        assertThat(WAY_6.coveredBy(discard(PolicyDir.OUT, everywhere.with(icmp, PortMatch.ANY, PortMatch.ANY))))
                .contains(API_SERVER_6);
        assertThat(WAY_6.coveredBy(discard(PolicyDir.IN, everywhere.with(icmp, PortMatch.exactly(136), PortMatch.ANY))))
                .contains(API_SERVER_6);
        assertThat(WAY_6.coveredBy(
                        discard(PolicyDir.OUT, everywhere.with(icmp, PortMatch.exactly(128), PortMatch.ANY))))
                .isEmpty();
        assertThat(WAY_6.coveredBy(discard(
                        PolicyDir.OUT, between("fd00::1/128", "fd00::2/128").with(icmp, PortMatch.ANY, PortMatch.ANY))))
                .isEmpty();
        assertThat(WAY.coveredBy(discard(PolicyDir.OUT, everywhere.with(icmp, PortMatch.ANY, PortMatch.ANY))))
                .isEmpty();
    }

    @Test
    void aPolicyForMarkedPacketsDoesNot() {
        assertThat(WAY.coveredBy(marked(new XfrmMark(1, 0xff), 0))).isEmpty();
        assertThat(WAY.coveredBy(marked(new XfrmMark(0, 0xff), 0))).contains(API_SERVER);
    }

    @Test
    void aPolicyOfAnXfrmInterfaceDoesNot() {
        assertThat(WAY.coveredBy(marked(XfrmMark.NONE, 7))).isEmpty();
    }

    private static Policy marked(XfrmMark mark, long interfaceId) {
        PolicyId id =
                new PolicyId(PolicyDir.OUT, between("10.0.0.0/8", "10.0.0.0/8"), mark, interfaceId, PolicyId.Type.MAIN);
        return new Policy(id, 1, Policy.Action.BLOCK, List.of());
    }

    @Test
    void whatLetsUnprotectedPacketsInDoesNot() {
        XfrmSelector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(WAY.coveredBy(preferring(PolicyDir.IN, all))).isEmpty();
        assertThat(WAY.coveredBy(preferring(PolicyDir.OUT, all))).contains(API_SERVER);
    }

    private static Policy preferring(PolicyDir direction, XfrmSelector selector) {
        Template template = new Template(
                IpProtocol.ESP, Mode.TRANSPORT, 1, Optional.empty(), 0, Template.Level.USE, selector.family());
        return new Policy(PolicyId.of(direction, selector), 1000, Policy.Action.ALLOW, List.of(template));
    }

    @Test
    void aRangeOfPortsThatHasItsPortDoes() {
        XfrmSelector all = between("10.0.0.0/24", "10.0.0.0/24");
        PortMatch from6400To6527 = new PortMatch(6400, 0xff80);
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, all.with(TCP, PortMatch.ANY, from6400To6527))))
                .contains(API_SERVER);
        PortMatch from0To32767 = new PortMatch(0, 0x8000);
        assertThat(WAY.coveredBy(protect(PolicyDir.OUT, all.with(TCP, from0To32767, PortMatch.ANY))))
                .isEmpty();
    }
}
