package io.ipsecxdp.xfrm.links;

import io.ipsecxdp.linux.NetDevice;
import java.util.Collection;
import java.util.OptionalInt;
import java.util.Set;

/**
 * An interface, as rtnetlink tells of it.
 *
 * @param kind of a virtual one, such as {@code vlan} and {@code veth}; else empty
 * @param other index of the interface that it stands on, or of a veth's peer; empty if it has none
 * @param master index of the bond or bridge that it is a port of; empty if of none
 * @param otherElsewhere whether {@code other} is in another network namespace, where nothing can be learned of it
 */
public record Link(NetDevice device, String kind, OptionalInt other, OptionalInt master, boolean otherElsewhere) {

    /** Kinds that take frames from the interface below by address, and may be in other network namespaces. */
    private static final Set<String> SHARING = Set.of("macvlan", "macvtap", "ipvlan", "ipvtap");

    /** Whether it is a VLAN on top of an interface of this network namespace. */
    public boolean isVlanOn(int index) {
        return kind.equals("vlan") && !otherElsewhere && other.equals(OptionalInt.of(index));
    }

    /** Whether frames for others pass through it: to other ports of its bridge, or to interfaces stacked on it. */
    public boolean isShared(Collection<Link> all) {
        return all.stream()
                .anyMatch(link -> master.equals(OptionalInt.of(link.device().index()))
                                && link.kind().equals("bridge")
                        || SHARING.contains(link.kind()) && link.other().equals(OptionalInt.of(device.index())));
    }

    /** An interface about which there is nothing else to know. */
    public static Link of(NetDevice device) {
        return new Link(device, "", OptionalInt.empty(), OptionalInt.empty(), false);
    }
}
