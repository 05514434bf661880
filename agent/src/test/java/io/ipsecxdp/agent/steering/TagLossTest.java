package io.ipsecxdp.agent.steering;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.links.Link;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class TagLossTest {

    private static final Link NIC = Link.of(new NetDevice("ens1", 2));
    private static final Link VLAN = link("ens1.7", 9, "vlan", 2, 0, false);

    private static Link link(String name, int index, String kind, int other, int master, boolean elsewhere) {
        return new Link(
                new NetDevice(name, index),
                Link.ETHERNET,
                kind,
                optional(other),
                optional(master),
                elsewhere,
                false,
                1500);
    }

    private static OptionalInt optional(int index) {
        return index == 0 ? OptionalInt.empty() : OptionalInt.of(index);
    }

    private static Function<String, SortedSet<String>> on(Map<String, String> features) {
        return name -> features.containsKey(name) ? new TreeSet<>(List.of(features.get(name))) : new TreeSet<>();
    }

    @Test
    void aNicThatParsesTagsLosesThemOnlyUnderVlans() {
        var parses = on(Map.of("ens1", "rx-vlan-hw-parse"));

        assertThat(TagLoss.on(NIC, List.of(NIC), parses)).isEmpty();
        assertThat(TagLoss.on(NIC, List.of(NIC, VLAN), on(Map.of()))).isEmpty();
        assertThat(TagLoss.on(NIC, List.of(NIC, VLAN), parses)).hasValueSatisfying(loss -> {
            assertThat(loss.vlans()).containsExactly("ens1.7");
            assertThat(loss.offloads()).containsOnlyKeys("ens1");
            assertThat(loss.message()).contains("ethtool -K ens1 rx-vlan-hw-parse off");
        });
    }

    @Test
    void ofAVethThePeersSendingSideCounts() {
        Link veth = link("eth0", 2, "veth", 3, 0, false);
        Link peer = link("peer0", 3, "veth", 2, 0, false);
        Link vlan = link("eth0.7", 9, "vlan", 2, 0, false);

        assertThat(TagLoss.on(veth, List.of(veth, peer, vlan), on(Map.of("eth0", "rx-vlan-hw-parse"))))
                .isEmpty();
        assertThat(TagLoss.on(veth, List.of(veth, peer, vlan), on(Map.of("peer0", "tx-vlan-hw-insert"))))
                .map(loss -> loss.offloads().keySet().toString())
                .contains("[peer0]");
    }

    @Test
    void aPeerThatCannotBeSeenMayHideTags() {
        Link veth = link("eth0", 2, "veth", 3, 0, true);
        Link vlan = link("eth0.7", 9, "vlan", 2, 0, false);

        assertThat(TagLoss.on(veth, List.of(veth, vlan), on(Map.of())))
                .hasValueSatisfying(loss -> assertThat(loss.canBeSwitchedOff()).isFalse());
    }

    @Test
    void aPortOfABondLosesTheTagsOfVlansOnTheBond() {
        Link port = link("ens1", 2, "", 0, 5, false);
        Link bond = link("bond0", 5, "bond", 0, 0, false);
        Link vlan = link("bond0.7", 9, "vlan", 5, 0, false);
        var parses = on(Map.of("ens1", "rx-vlan-hw-parse"));

        assertThat(TagLoss.on(port, List.of(port, bond, vlan), parses)).isPresent();
        assertThat(TagLoss.on(bond, List.of(port, bond, vlan), parses))
                .map(loss -> loss.offloads().keySet().toString())
                .contains("[ens1]");
    }

    @Test
    void aPortOfASwitchThatLooksAtTagsLosesThem() {
        Link port = link("ens1", 2, "", 0, 5, false);
        Link bond = link("bond0", 5, "bond", 0, 6, false);
        Link plain = link("br0", 6, "bridge", 0, 0, false);
        Link aware = new Link(
                new NetDevice("br0", 6),
                Link.ETHERNET,
                "bridge",
                OptionalInt.empty(),
                OptionalInt.empty(),
                false,
                true,
                1500);
        Link ovs = link("ovs-system", 6, "openvswitch", 0, 0, false);
        var parses = on(Map.of("ens1", "rx-vlan-hw-parse"));

        assertThat(TagLoss.on(port, List.of(port, bond, plain), parses)).isEmpty();
        assertThat(TagLoss.on(port, List.of(port, bond, aware), parses)).hasValueSatisfying(loss -> {
            assertThat(loss.vlans()).containsExactly("br0");
            assertThat(loss.message()).startsWith("br0 above it needs VLAN tags, and an offload hides them");
        });
        assertThat(TagLoss.on(port, List.of(port, bond, aware), on(Map.of()))).isEmpty();
        assertThat(TagLoss.on(port, List.of(port, bond, ovs), parses))
                .hasValueSatisfying(loss -> assertThat(loss.vlans()).containsExactly("ovs-system"));
    }

    @Test
    void aVlanItselfHasItsTagBehindIt() {
        assertThat(TagLoss.on(VLAN, List.of(NIC, VLAN), on(Map.of("ens1", "rx-vlan-hw-parse"))))
                .isEqualTo(Optional.empty());
    }
}
