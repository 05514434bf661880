package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import java.util.Optional;

/** An SA that a node must have. A node is one end of an SA, so its name is unique in the node's plan. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PlannedSa(
        @Required @JsonPropertyDescription("Name of the SecurityAssociation.")
        String name,

        @Required @JsonPropertyDescription("Uid of the SecurityAssociation.")
        String uid,

        @Required @JsonPropertyDescription("Generation of the SecurityAssociation.")
        Long generation,

        @Required @JsonPropertyDescription("Out at the source, In at the destination.")
        SaDirection direction,

        @Required @JsonPropertyDescription("Address of the source.")
        String source,

        @Required @JsonPropertyDescription("Address of the destination.")
        String destination,

        @Required @JsonPropertyDescription("Security Parameters Index.")
        Long spi,

        @Required @JsonPropertyDescription("Tunnel, Transport or BEET.")
        SaMode mode,

        @JsonPropertyDescription("ESP or AH; ESP if absent.")
        IpsecProtocol protocol,

        @Required @JsonPropertyDescription("Algorithms, and where the keys are; never the keys.")
        Protection encryption,

        @Required @JsonPropertyDescription("Ties the SA to policies.")
        Long reqid,

        @Required @JsonPropertyDescription("Replay window in packets, for direction In; 0 for none.")
        Integer replayWindow,

        @Required @JsonPropertyDescription("Extended sequence numbers.")
        Boolean esn,

        @JsonPropertyDescription("Owner CPU on this node; none if absent.")
        Integer cpu,

        @JsonPropertyDescription("When the SA ends, and when the kernel warns of it; never if absent.")
        Lifetimes lifetime,

        @JsonPropertyDescription("ESP in UDP; not if absent.")
        UdpEncapsulation udpEncapsulation,

        @JsonPropertyDescription("The mark of packets that use the SA; any if absent.")
        Mark mark,

        @JsonPropertyDescription("The mark that packets get; none if absent.")
        Mark outputMark,

        @JsonPropertyDescription("The if_id of its XFRM interface; none if absent.")
        Long interfaceId,

        @JsonPropertyDescription("Which packets may use the SA; all, of either family, if absent.")
        PlannedSelector selector,

        @JsonPropertyDescription("Handling of the outer header; the kernel's own if absent.")
        TunnelHeader tunnelHeader,

        @JsonPropertyDescription("Take ICMP errors by the packet that they are about; not if absent.")
        Boolean icmpErrors,

        @JsonPropertyDescription("Go on when the sequence number comes to its end; not if absent.")
        Boolean sequenceMayWrap,

        @JsonPropertyDescription("Bytes to which packets are padded; not padded if absent.")
        Integer tfcPadding,

        @JsonPropertyDescription("Device of this node that does the work; the kernel if absent.")
        Offload offload,

        @JsonPropertyDescription("Which of several SAs of one owner; absent if there is one.")
        String child,

        @JsonPropertyDescription("The node at the other end; absent if that is outside the cluster.")
        String peer,

        @JsonPropertyDescription(
                "True if the SA was installed on this node before and the report that said so is gone: its key is not fresh.")
        Boolean keyUsed) {

    /** An SA by ESP with what every SA has, and no more. */
    public static PlannedSa esp(
            String name,
            String uid,
            Long generation,
            SaDirection direction,
            String source,
            String destination,
            Long spi,
            SaMode mode,
            Protection encryption,
            Long reqid,
            Integer replayWindow,
            Boolean esn,
            Integer cpu) {
        return new PlannedSa(
                name,
                uid,
                generation,
                direction,
                source,
                destination,
                spi,
                mode,
                null,
                encryption,
                reqid,
                replayWindow,
                esn,
                cpu,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    public Optional<String> childName() {
        return Optional.ofNullable(child);
    }

    public Optional<String> otherNode() {
        return Optional.ofNullable(peer);
    }

    /** Whether the key is known to have been used on this node. */
    public boolean wasInstalled() {
        return keyUsed != null && keyUsed;
    }

    public Optional<Integer> ownerCpu() {
        return Optional.ofNullable(cpu);
    }

    public IpsecProtocol ipsecProtocol() {
        return protocol == null ? IpsecProtocol.ESP : protocol;
    }

    public Optional<Lifetimes> lifetimes() {
        return Optional.ofNullable(lifetime);
    }

    public Optional<UdpEncapsulation> inUdp() {
        return Optional.ofNullable(udpEncapsulation);
    }

    public Optional<Mark> lookupMark() {
        return Optional.ofNullable(mark);
    }

    public Optional<Mark> givenMark() {
        return Optional.ofNullable(outputMark);
    }

    public Optional<Long> xfrmInterface() {
        return Optional.ofNullable(interfaceId);
    }

    public Optional<PlannedSelector> selected() {
        return Optional.ofNullable(selector);
    }

    public TunnelHeader outerHeader() {
        return tunnelHeader == null ? TunnelHeader.DEFAULT : tunnelHeader;
    }

    public boolean takesIcmpErrors() {
        return icmpErrors != null && icmpErrors;
    }

    public boolean mayWrap() {
        return sequenceMayWrap != null && sequenceMayWrap;
    }

    public Optional<Integer> paddedTo() {
        return Optional.ofNullable(tfcPadding);
    }

    public Optional<Offload> hardware() {
        return Optional.ofNullable(offload);
    }
}
