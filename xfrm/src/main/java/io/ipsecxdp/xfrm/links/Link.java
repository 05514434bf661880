package io.ipsecxdp.xfrm.links;

import io.ipsecxdp.linux.NetDevice;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.OptionalInt;
import java.util.Set;

/**
 * An interface, as rtnetlink tells of it.
 *
 * @param hardware its {@code ARPHRD_} number (linux/if_arp.h), such as 1 for Ethernet and 65534 for a tun
 * @param kind of a virtual one, such as {@code vlan} and {@code veth}; else empty
 * @param other index of the interface that it stands on, or of a veth's peer; empty if it has none
 * @param master index of the bond or bridge that it is a port of; empty if of none
 * @param otherElsewhere whether {@code other} is in another network namespace, where nothing can be learned of it
 * @param vlanFiltering whether it is a bridge that tells its ports apart by VLAN (linux/if_link.h,
 *     {@code IFLA_BR_VLAN_FILTERING})
 * @param mtu the largest IP packet that it sends, in bytes
 */
public record Link(
        NetDevice device,
        int hardware,
        String kind,
        OptionalInt other,
        OptionalInt master,
        boolean otherElsewhere,
        boolean vlanFiltering,
        int mtu) {

    /** {@code ARPHRD_ETHER}. */
    public static final int ETHERNET = 1;

    /** {@code ARPHRD_LOOPBACK}, whose frames have an Ethernet header too. */
    private static final int LOOPBACK = 772;

    /** Kinds that take frames from the interface below by address, and may be in other network namespaces. */
    private static final Set<String> SHARING = Set.of("macvlan", "macvtap", "ipvlan", "ipvtap");

    /** Kinds whose ports hand frames to one another. */
    private static final Set<String> SWITCHES = Set.of("bridge", "openvswitch");

    private static final String VLAN = "vlan";

    private static final int ETHERNET_MTU = 1500;

    /** Whether its packets begin with an Ethernet header. */
    public boolean hasEthernetHeader() {
        return hardware == ETHERNET || hardware == LOOPBACK;
    }

    /** Whether it is a VLAN on top of an interface of this network namespace. */
    public boolean isVlanOn(int index) {
        return kind.equals(VLAN) && isOn(index);
    }

    /** Whether it is a switch to which the VLAN tag of a frame says for whom that is. */
    public boolean isVlanAware() {
        return kind.equals("openvswitch") || kind.equals("bridge") && vlanFiltering;
    }

    /**
     * Whether frames for others pass through it: to other ports of a bridge or Open vSwitch, or to interfaces that share
     * it, whether on itself or on the bonds and VLANs above it.
     */
    public boolean isShared(Collection<Link> all) {
        return above(all).stream().anyMatch(link -> SWITCHES.contains(link.kind()) || SHARING.contains(link.kind()));
    }

    /** All that frames may come to after this interface: the masters, VLANs and the like above it, and those above them. */
    private Set<Link> above(Collection<Link> all) {
        Set<Link> above = new LinkedHashSet<>();
        climb(all, above);
        return above;
    }

    private void climb(Collection<Link> all, Set<Link> above) {
        for (Link link : all) {
            boolean next = master.equals(OptionalInt.of(link.device().index()))
                    || (link.kind().equals(VLAN) || SHARING.contains(link.kind())) && link.isOn(device.index());
            if (next && above.add(link)) {
                link.climb(all, above);
            }
        }
    }

    /** Whether it is the near end of a cable into another network namespace, as a pod's is. */
    public boolean leadsElsewhere() {
        return kind.equals("veth") && otherElsewhere;
    }

    private boolean isOn(int index) {
        return !otherElsewhere && other.equals(OptionalInt.of(index));
    }

    /** An Ethernet interface about which there is nothing else to know. */
    public static Link of(NetDevice device) {
        return new Link(device, ETHERNET, "", OptionalInt.empty(), OptionalInt.empty(), false, false, ETHERNET_MTU);
    }
}
