package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.agent.xfrm.Addresses.ip;
import static io.ipsecxdp.agent.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.plan.ApiServerWay.Endpoint;
import io.ipsecxdp.agent.xfrm.IpProtocol;
import io.ipsecxdp.agent.xfrm.Mark;
import io.ipsecxdp.agent.xfrm.Mode;
import io.ipsecxdp.agent.xfrm.Policy;
import io.ipsecxdp.agent.xfrm.PolicyDirection;
import io.ipsecxdp.agent.xfrm.PolicyId;
import io.ipsecxdp.agent.xfrm.PortMatch;
import io.ipsecxdp.agent.xfrm.Selector;
import io.ipsecxdp.agent.xfrm.Template;
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

    private static Selector between(String source, String destination) {
        return Selector.between(prefix(source), prefix(destination));
    }

    private static Policy protect(PolicyDirection direction, Selector selector) {
        Template template = Template.espTransport(selector.family(), 0x1000_0001L);
        return new Policy(PolicyId.of(direction, selector), 1000, Policy.Action.ALLOW, List.of(template));
    }

    private static Policy discard(PolicyDirection direction, Selector selector) {
        return new Policy(PolicyId.of(direction, selector), 1000, Policy.Action.BLOCK, List.of());
    }

    @Test
    void aPolicyBetweenTheNodesCoversIt() {
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, between("10.0.0.0/24", "10.0.0.0/24"))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(protect(PolicyDirection.IN, between("10.0.0.0/24", "10.0.0.0/24"))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(protect(PolicyDirection.FORWARD, between("10.0.0.0/24", "10.0.0.0/24"))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(discard(PolicyDirection.OUT, between("0.0.0.0/0", "0.0.0.0/0"))))
                .contains(API_SERVER);
    }

    @Test
    void aBypassDoesNot() {
        Policy bypass = new Policy(
                PolicyId.of(PolicyDirection.OUT, between("0.0.0.0/0", "0.0.0.0/0")), 1, Policy.Action.ALLOW, List.of());
        assertThat(WAY.coveredBy(bypass)).isEmpty();
    }

    @Test
    void aPolicyBetweenOthersDoesNot() {
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, between("10.1.0.0/16", "10.0.0.0/24"))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, between("10.0.0.1/32", "10.0.0.2/32"))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDirection.IN, between("10.0.0.1/32", "10.0.0.9/32"))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, between("fd00::/64", "fd00::/64"))))
                .isEmpty();
    }

    @Test
    void aPolicyForAnotherProtocolOrPortDoesNot() {
        Selector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, all.with(UDP, PortMatch.ANY, PortMatch.ANY))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, all.with(TCP, PortMatch.ANY, PortMatch.exactly(443)))))
                .isEmpty();
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, all.with(TCP, PortMatch.exactly(443), PortMatch.ANY))))
                .isEmpty();
    }

    @Test
    void aPolicyForItsPortDoes() {
        Selector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, all.with(TCP, PortMatch.ANY, API_PORT))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(protect(PolicyDirection.IN, all.with(TCP, API_PORT, PortMatch.ANY))))
                .contains(API_SERVER);
        assertThat(WAY.coveredBy(protect(PolicyDirection.IN, all.with(TCP, PortMatch.ANY, API_PORT))))
                .isEmpty();
    }

    @Test
    void aPolicyForAPortThatTheNodeMayConnectFromDoes() {
        Selector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, all.with(TCP, PortMatch.exactly(40000), PortMatch.ANY))))
                .contains(API_SERVER);
    }

    @Test
    void onTheApiServersNodeThePoliciesOfTheOthersWayAreRefusedToo() {
        Selector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(ON_THE_API_SERVERS_NODE.coveredBy(protect(PolicyDirection.IN, all)))
                .contains(API_SERVER);
        assertThat(ON_THE_API_SERVERS_NODE.coveredBy(protect(PolicyDirection.OUT, all)))
                .contains(API_SERVER);
        assertThat(ON_THE_API_SERVERS_NODE.coveredBy(
                        protect(PolicyDirection.IN, all.with(TCP, PortMatch.ANY, PortMatch.exactly(80)))))
                .isEmpty();
    }

    private static final Endpoint API_SERVER_6 = new Endpoint(ip("fd00::9"), 6443);
    private static final ApiServerWay WAY_6 =
            new ApiServerWay(Set.of(API_SERVER_6), Set.of(ip("fd00::1")), 32768, 60999);

    @Test
    void overIpv6ItIsGuardedAsWell() {
        for (PolicyDirection direction : List.of(PolicyDirection.OUT, PolicyDirection.IN, PolicyDirection.FORWARD)) {
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
        Selector everywhere = between("::/0", "::/0");
        IpProtocol icmp = new IpProtocol(58);
        assertThat(WAY_6.coveredBy(discard(PolicyDirection.OUT, everywhere.with(icmp, PortMatch.ANY, PortMatch.ANY))))
                .contains(API_SERVER_6);
        assertThat(WAY_6.coveredBy(
                        discard(PolicyDirection.IN, everywhere.with(icmp, PortMatch.exactly(136), PortMatch.ANY))))
                .contains(API_SERVER_6);
        assertThat(WAY_6.coveredBy(
                        discard(PolicyDirection.OUT, everywhere.with(icmp, PortMatch.exactly(128), PortMatch.ANY))))
                .isEmpty();
        assertThat(WAY_6.coveredBy(discard(
                        PolicyDirection.OUT,
                        between("fd00::1/128", "fd00::2/128").with(icmp, PortMatch.ANY, PortMatch.ANY))))
                .isEmpty();
        assertThat(WAY.coveredBy(discard(PolicyDirection.OUT, everywhere.with(icmp, PortMatch.ANY, PortMatch.ANY))))
                .isEmpty();
    }

    @Test
    void aPolicyForMarkedPacketsDoesNot() {
        assertThat(WAY.coveredBy(marked(new Mark(1, 0xff), 0))).isEmpty();
        assertThat(WAY.coveredBy(marked(new Mark(0, 0xff), 0))).contains(API_SERVER);
    }

    @Test
    void aPolicyOfAnXfrmInterfaceDoesNot() {
        assertThat(WAY.coveredBy(marked(Mark.NONE, 7))).isEmpty();
    }

    private static Policy marked(Mark mark, long interfaceId) {
        PolicyId id = new PolicyId(
                PolicyDirection.OUT, between("10.0.0.0/8", "10.0.0.0/8"), mark, interfaceId, PolicyId.Type.MAIN);
        return new Policy(id, 1, Policy.Action.BLOCK, List.of());
    }

    @Test
    void whatLetsUnprotectedPacketsInDoesNot() {
        Selector all = between("10.0.0.0/24", "10.0.0.0/24");
        assertThat(WAY.coveredBy(preferring(PolicyDirection.IN, all))).isEmpty();
        assertThat(WAY.coveredBy(preferring(PolicyDirection.OUT, all))).contains(API_SERVER);
    }

    private static Policy preferring(PolicyDirection direction, Selector selector) {
        Template template = new Template(
                IpProtocol.ESP, Mode.TRANSPORT, 1, Optional.empty(), 0, Template.Level.USE, selector.family());
        return new Policy(PolicyId.of(direction, selector), 1000, Policy.Action.ALLOW, List.of(template));
    }

    @Test
    void aRangeOfPortsThatHasItsPortDoes() {
        Selector all = between("10.0.0.0/24", "10.0.0.0/24");
        PortMatch from6400To6527 = new PortMatch(6400, 0xff80);
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, all.with(TCP, PortMatch.ANY, from6400To6527))))
                .contains(API_SERVER);
        PortMatch from0To32767 = new PortMatch(0, 0x8000);
        assertThat(WAY.coveredBy(protect(PolicyDirection.OUT, all.with(TCP, from0To32767, PortMatch.ANY))))
                .isEmpty();
    }
}
