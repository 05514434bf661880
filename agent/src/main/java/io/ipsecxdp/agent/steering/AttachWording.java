package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.bpf.AttachRefusal;
import io.ipsecxdp.bpf.AttachedMode;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.OpenResult;
import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.crds.Reason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Says in the API's reasons and in sentences what came of attaching the XDP program. */
final class AttachWording {
    private AttachWording() {}

    /** What a person should know of a program that was attached, empty if nothing. */
    static String note(WantedXdpMode mode, OpenResult.Opened opened, Capabilities kernel) {
        List<String> notes = new ArrayList<>();
        if (mode == WantedXdpMode.AUTO && opened.mode() == AttachedMode.GENERIC) {
            notes.add(opened.nativeRefused()
                    .map(why -> "In generic mode: " + why + ".")
                    .orElse("In generic mode, as an earlier agent attached it."));
        }
        if (opened.shared()) {
            notes.add("It is a component of libxdp's dispatcher.");
        }
        if (!kernel.saLookup()) {
            notes.add(
                    "This kernel cannot look SAs up from XDP: a hash of the SPI chooses the CPU of every SA whose owner is not declared.");
        } else if (!kernel.saOwner()) {
            notes.add(
                    "This kernel's SAs have no owner CPU: a hash of the SPI chooses the CPU of every SA whose owner is not declared.");
        }
        return String.join(" ", notes);
    }

    static InterfaceStatus refused(AttachRefusal refusal) {
        Reason reason = switch (refusal.reason()) {
            case NO_BPFFS, NATIVE_REFUSED, DISPATCHER_NEEDED -> Reason.Unsupported;
            case SHARED_IN_OTHER_MODE -> Reason.ForeignProgram;
            case NO_SUCH_CPU -> Reason.CpuNotOnNode;
            case NO_SUCH_DEVICE -> Reason.InterfaceNotFound;
            case KERNEL_REFUSED -> Reason.KernelRefused;
        };
        return InterfaceStatus.failed(reason, sentence(refusal.message()));
    }

    static InterfaceStatus foreign(OpenResult.Foreign foreign) {
        return InterfaceStatus.failed(
                Reason.ForeignProgram, sentence(foreign.message()) + " It is left alone; " + remedy(foreign));
    }

    /** @param stubborn interfaces whose driver did not switch the offload off */
    static InterfaceStatus stillHidesTags(TagLoss loss, Collection<String> stubborn) {
        return InterfaceStatus.failed(
                Reason.VlanOffload,
                "%s above it needs VLAN tags, an offload hides them from XDP, and the driver of %s does not switch it off. Set spec.mode: Generic."
                        .formatted(String.join(", ", loss.vlans()), String.join(", ", stubborn)));
    }

    private static String remedy(OpenResult.Foreign foreign) {
        if (foreign.isDispatcher()) {
            return "to steer here, let the agents join it (agent.dispatcher of the chart), or remove it.";
        }
        return foreign.mayBeDispatcher()
                ? "remove it to steer here, or, if it is libxdp's dispatcher, let the agents join it (agent.dispatcher of the chart)."
                : "remove it to steer here.";
    }

    private static String sentence(String clause) {
        return clause.substring(0, 1).toUpperCase(Locale.ROOT) + clause.substring(1) + ".";
    }
}
