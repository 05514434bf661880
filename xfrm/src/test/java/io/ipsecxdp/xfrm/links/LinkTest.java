package io.ipsecxdp.xfrm.links;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.NetDevice;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinkTest {

    private static final int NONE = 0;

    private static Link link(int index, String kind, int other, int master) {
        return new Link(
                new NetDevice("if" + index, index),
                Link.ETHERNET,
                kind,
                optional(other),
                optional(master),
                false,
                false,
                1500);
    }

    private static OptionalInt optional(int index) {
        return index == NONE ? OptionalInt.empty() : OptionalInt.of(index);
    }

    @ParameterizedTest
    @CsvSource({"1, true", "772, true", "65534, false", "768, false", "778, false", "776, false", "512, false"})
    void onlyEthernetAndTheLoopbackHaveAnEthernetHeader(int hardware, boolean header) {
        Link link = new Link(
                new NetDevice("if1", 1), hardware, "", OptionalInt.empty(), OptionalInt.empty(), false, false, 1500);

        assertThat(link.hasEthernetHeader()).isEqualTo(header);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bridge", "openvswitch"})
    void aPortOfASwitchIsShared(String kind) {
        Link port = link(1, "", NONE, 2);

        assertThat(port.isShared(List.of(port, link(2, kind, NONE, NONE)))).isTrue();
        assertThat(port.isShared(List.of(port, link(3, kind, NONE, NONE)))).isFalse();
    }

    @Test
    void aVlanThatIsAPortOfABridgeSharesTheInterfaceBelow() {
        Link nic = link(1, "", NONE, NONE);
        Link bridge = link(3, "bridge", NONE, NONE);

        assertThat(nic.isShared(List.of(nic, link(2, "vlan", 1, 3), bridge))).isTrue();
        assertThat(nic.isShared(List.of(nic, link(2, "vlan", 1, NONE), bridge))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"macvlan", "macvtap", "ipvlan", "ipvtap"})
    void whatStandsOnTheBondAboveSharesItsPorts(String kind) {
        Link port = link(1, "", NONE, 2);
        Link bond = link(2, "bond", NONE, NONE);

        assertThat(port.isShared(List.of(port, bond, link(3, kind, 2, NONE)))).isTrue();
        assertThat(port.isShared(List.of(port, bond, link(3, "vlan", 2, NONE), link(4, kind, 3, NONE))))
                .isTrue();
        assertThat(port.isShared(List.of(port, bond))).isFalse();
    }

    @Test
    void aVethsPeerAndWhatStandsOnAnotherNamespacesInterfaceIsNotAbove() {
        Link veth = link(1, "veth", 2, NONE);
        Link peer = link(2, "veth", 1, 4);
        Link elsewhere = new Link(
                new NetDevice("if3", 3),
                Link.ETHERNET,
                "macvlan",
                OptionalInt.of(1),
                OptionalInt.empty(),
                true,
                false,
                1500);

        assertThat(veth.isShared(List.of(veth, peer, elsewhere, link(4, "bridge", NONE, NONE))))
                .isFalse();
    }

    @Test
    void linksThatStandOnOneAnotherInACircleEnd() {
        Link first = link(1, "vlan", 2, NONE);

        assertThat(first.isShared(List.of(first, link(2, "vlan", 1, NONE)))).isFalse();
    }

    @Test
    void onlyASwitchThatLooksAtTagsIsVlanAware() {
        Link filtering = new Link(
                new NetDevice("if1", 1),
                Link.ETHERNET,
                "bridge",
                OptionalInt.empty(),
                OptionalInt.empty(),
                false,
                true,
                1500);

        assertThat(filtering.isVlanAware()).isTrue();
        assertThat(link(1, "bridge", NONE, NONE).isVlanAware()).isFalse();
        assertThat(link(1, "openvswitch", NONE, NONE).isVlanAware()).isTrue();
        assertThat(link(1, "bond", NONE, NONE).isVlanAware()).isFalse();
    }
}
