package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.bpf.AttachedMode;
import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.xfrm.links.Link;
import io.ipsecxdp.xfrm.links.XdpFeatures;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * All that a {@link SteeringPlan} depends on.
 *
 * @param pinned interface names under which something of us is pinned, to the index it is attached to, 0 for none
 * @param steered what this agent attached and is still there, by interface name
 * @param links interfaces of the node, by name
 * @param ofDefaultRoutes indexes of the interfaces of default routes
 * @param localCpus the CPUs of an interface's NUMA node, by its name, where asked for and known
 * @param tagLosses interfaces on which native XDP does not see VLAN tags, by name
 * @param xdpFeatures what the drivers tell of native XDP, by interface
 * @param lost interfaces on which redirected packets did not arrive in native mode, and how many at least
 * @param moved buckets that go to another CPU than the hash says, by interface
 * @param refused what was refused a short while ago and is not tried again yet
 */
record SteeringInput(
        List<Slice> slices,
        Journal journal,
        Map<String, Integer> pinned,
        Map<String, AttachedProgram> steered,
        Map<String, Link> links,
        Set<Integer> ofDefaultRoutes,
        CpuList onlineCpus,
        Map<String, CpuList> localCpus,
        Map<String, TagLoss> tagLosses,
        Map<String, XdpFeatures> xdpFeatures,
        Map<NetDevice, Long> lost,
        UnknownSpiRules unknownSpis,
        Map<String, SortedMap<Integer, Integer>> moved,
        Map<DesiredSteering, InterfaceStatus> refused,
        String boot) {

    /** The interfaces that a request means. */
    List<String> meant(SteeringRequest request) {
        return request.meant(links.values(), ofDefaultRoutes);
    }

    Optional<Link> link(DesiredSteering wanted) {
        return Optional.ofNullable(links.get(wanted.interfaceName()));
    }

    /** In which mode the program is to be asked for. */
    ModeChoice mode(DesiredSteering wanted) {
        return ModeChoice.of(wanted.planned().mode(), Optional.ofNullable(xdpFeatures.get(wanted.interfaceName())));
    }

    /** What steering would do to VLAN tags; nothing in generic mode. */
    Optional<TagLoss> tagLoss(DesiredSteering wanted) {
        boolean generic = mode(wanted).mode() == WantedXdpMode.GENERIC
                || Optional.ofNullable(steered.get(wanted.interfaceName()))
                        .filter(there -> there.attached() == AttachedMode.GENERIC)
                        .isPresent();
        return generic ? Optional.empty() : Optional.ofNullable(tagLosses.get(wanted.interfaceName()));
    }
}
