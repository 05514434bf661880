package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.EntryStatus;
import io.ipsecxdp.agent.plan.InterfaceStatus;
import io.ipsecxdp.bpf.AttachedMode;
import io.ipsecxdp.bpf.SteeringConfig;
import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.linux.NetDevice;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The XDP program on an interface, as this agent attached it.
 *
 * @param mode that was asked for
 * @param attached that the kernel chose
 * @param note what a person should know of it, empty if nothing
 */
record AttachedProgram(
        NetDevice device, WantedXdpMode mode, AttachedMode attached, SteeringConfig config, String note) {

    AttachedProgram with(SteeringConfig changed) {
        return new AttachedProgram(device, mode, attached, changed, note);
    }

    /** The mode in the words of the API. */
    XdpMode reportedMode() {
        return switch (attached) {
            case NATIVE -> XdpMode.Native;
            case GENERIC -> XdpMode.Generic;
        };
    }

    /**
     * The status of an interface where it is in force.
     *
     * @param notes sentences to add; an empty one adds nothing
     */
    InterfaceStatus status(UsableCpus cpus, List<String> notes) {
        Stream<String> sentences = Stream.of(
                        Stream.of(
                                "ESP is steered to the CPUs " + CpuList.of(cpus.usable()) + ".",
                                cpus.note(),
                                cpus.missing().isEmpty()
                                        ? ""
                                        : "This node has no CPU " + CpuList.of(cpus.missing()) + "."),
                        notes.stream(),
                        Stream.of(note))
                .flatMap(some -> some);
        return new InterfaceStatus(
                EntryStatus.installed(
                        sentences.filter(sentence -> !sentence.isEmpty()).collect(Collectors.joining(" "))),
                Optional.of(reportedMode()));
    }
}
