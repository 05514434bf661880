package io.ipsecxdp.agent.node;

import io.ipsecxdp.bpf.NetDevice;
import java.util.OptionalInt;

/**
 * An interface, as rtnetlink tells of it.
 *
 * @param kind of a virtual one, such as {@code vlan} and {@code veth}; else empty
 * @param other index of the interface that it stands on, or of a veth's peer; empty if it has none
 * @param master index of the bond or bridge that it is a port of; empty if of none
 * @param otherElsewhere whether {@code other} is in another network namespace, where nothing can be learned of it
 */
public record Link(NetDevice device, String kind, OptionalInt other, OptionalInt master, boolean otherElsewhere) {

    /** Whether it is a VLAN on top of an interface of this network namespace. */
    public boolean isVlanOn(int index) {
        return kind.equals("vlan") && !otherElsewhere && other.equals(OptionalInt.of(index));
    }

    /** An interface about which there is nothing else to know. */
    public static Link of(NetDevice device) {
        return new Link(device, "", OptionalInt.empty(), OptionalInt.empty(), false);
    }
}
