package io.ipsecxdp.crds;

import static io.ipsecxdp.crds.WhenChanged.Effect.IN_PLACE;
import static io.ipsecxdp.crds.WhenChanged.Effect.REFUSED;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.ValidationRule;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * What a SecurityAssociation says of its SA and a plan repeats word for word: everything but the ends, the SPI, the key and
 * the selector, of which a plan has what they come to on one node. Fields of both, see {@link SecurityAssociationSpec#terms}
 * and {@link PlannedSa#terms}.
 *
 * <p>What a node does by itself without being told is absent here, however it was declared, so that two ways to say the same
 * are one plan, byte for byte.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@RecordBuilder
@RecordBuilder.Options(setterPrefix = "with")
@ValidationRule(
        value = "self.reqid >= 268435457 && self.reqid <= 2147483647",
        message =
                "reqid must be 268435457 to 2147483647: those below are left to IKE daemons, those above to the operator")
@ValidationRule(
        value = "self.replayWindow == 0 || (self.replayWindow >= 32 && self.replayWindow <= 4096)",
        message =
                "replayWindow must be 32 to 4096 packets (RFC 4303, section 3.4.3, asks for at least 32), or 0 for no "
                        + "protection against replays")
@ValidationRule(
        value = "self.replayWindow != 0 || !self.esn",
        message =
                "replayWindow 0 needs esn: false: the receiver finds the upper half of an extended sequence number by the "
                        + "window (RFC 4303, appendix A)")
@ValidationRule(
        value = "self.protocol == 'ESP' || self.mode != 'BEET'",
        message = "mode BEET is for ESP: AH has none, take Tunnel or Transport")
@ValidationRule(
        value = "!has(self.udpEncapsulation) || self.protocol == 'ESP'",
        message = "udpEncapsulation is for ESP: AH cannot pass a NAT (RFC 3715, section 2.1)")
@ValidationRule(
        value = "!has(self.udpEncapsulation) || !has(self.udpEncapsulation.originalAddress) || self.mode != 'Tunnel'",
        message =
                "udpEncapsulation.originalAddress is for Transport and BEET: in mode Tunnel the NAT does not see the packet inside")
@ValidationRule(
        value = "!has(self.interfaceId) || (self.interfaceId >= 1 && self.interfaceId <= 4294967295)",
        message = "interfaceId must be 1 to 4294967295, as the if_id of an XFRM interface; leave it out for none")
@ValidationRule(
        value = "!has(self.tunnelHeader) || self.mode == 'Tunnel'",
        message =
                "tunnelHeader is about the outer header, which only mode Tunnel makes: remove it, or write mode: Tunnel")
@ValidationRule(
        value = "!has(self.tfcPadding) || (self.tfcPadding >= 1 && self.tfcPadding <= 65535)",
        message = "tfcPadding must be 1 to 65535 bytes; leave it out for none")
@ValidationRule(
        value = "!has(self.tfcPadding) || (self.mode == 'Tunnel' && self.protocol == 'ESP')",
        message =
                "tfcPadding needs protocol ESP and mode Tunnel: elsewhere the receiver cannot tell the padding from the packet "
                        + "(RFC 4303, section 2.7)")
@ValidationRule(
        value = "!has(self.sequenceMayWrap) || !self.sequenceMayWrap || !self.esn",
        message = "sequenceMayWrap needs esn: false: an extended sequence number never comes to its end")
@ValidationRule(
        value = "!has(self.sequenceMayWrap) || !self.sequenceMayWrap || self.replayWindow == 0",
        message = "sequenceMayWrap needs replayWindow: 0: the receiver takes numbers that begin anew for replays")
public record SaTerms(
        @WhenChanged(REFUSED)
        @Default("ESP")
        @JsonPropertyDescription("ESP (RFC 4303), or AH (RFC 4302), which hides nothing and cannot pass a NAT.")
        IpsecProtocol protocol,

        @WhenChanged(REFUSED)
        @Default("Tunnel")
        @JsonPropertyDescription(
                "Tunnel puts the whole packet into a new one between the ends; Transport protects the payload of "
                        + "packets between the ends themselves; BEET is a tunnel "
                        + "between two fixed inner addresses, which the selector names, without a second header in the packet.")
        SaMode mode,

        @WhenChanged(REFUSED)
        @Default("268435457")
        @JsonPropertyDescription(
                "Ties the SA to the policies with the same reqid, 268435457 to 2147483647. It is local to each "
                        + "node.")
        Long reqid,

        @WhenChanged(REFUSED)
        @Default("4096")
        @JsonPropertyDescription(
                "How many packets one may overtake another before it counts as replayed, 32 to 4096, or 0 for no protection "
                        + "against replays (only without esn). It is set at the destination. With a window, an SA whose last sequence "
                        + "number is lost (reboot, flush) is not installed again with its key (ReplayAtRisk). Packets overtake each other in "
                        + "the queues to the CPUs, so keep it above the queue size of the SteeringPolicy (2048); 4096, the "
                        + "kernel's most, is 5 ms of full packets at 10 Gbit/s.")
        Integer replayWindow,

        @WhenChanged(REFUSED)
        @Default("true")
        @JsonPropertyDescription("Extended (64 bit) sequence numbers (RFC 4303, section 2.2.1). Both ends must agree.")
        Boolean esn,

        @WhenChanged(IN_PLACE)
        @JsonPropertyDescription(
                "When the SA ends, and when the kernel warns of it; without it never. The only part of an SA "
                        + "that may change: counters and sequence numbers go on.")
        Lifetimes lifetime,

        @WhenChanged(REFUSED) @JsonPropertyDescription("ESP in UDP, to pass a NAT (RFC 3948).")
        UdpEncapsulation udpEncapsulation,

        @WhenChanged(REFUSED)
        @JsonPropertyDescription("Only packets with this mark use the SA. It is part of the SA's identity.")
        Mark mark,

        @WhenChanged(REFUSED)
        @JsonPropertyDescription(
                "The mark that packets get from the SA: the protected ones at the source, the plain ones at the "
                        + "destination.")
        Mark outputMark,

        @WhenChanged(REFUSED)
        @JsonPropertyDescription(
                "The if_id of the XFRM interface that the SA belongs to, 1 to 4294967295, the same at both ends.")
        Long interfaceId,

        @WhenChanged(REFUSED)
        @JsonPropertyDescription("What the outer header takes from the inner one, and gives back; in mode Tunnel.")
        TunnelHeader tunnelHeader,

        @WhenChanged(REFUSED)
        @JsonPropertyDescription(
                "At the destination, take ICMP errors that come through the SA if the packet that they are about "
                        + "fits the policies (RFC 4301, section 6): false if not given.")
        Boolean icmpErrors,

        @WhenChanged(REFUSED)
        @JsonPropertyDescription(
                "At the source, go on when the 32 bit sequence number comes to its end: false if not given. Only "
                        + "without esn, without replay protection, and with an algorithm that has no counter for a nonce.")
        Boolean sequenceMayWrap,

        @WhenChanged(REFUSED)
        @JsonPropertyDescription(
                "At the source, pad packets to this many bytes, 1 to 65535 but never above the path's MTU, against "
                        + "who watches their lengths (RFC 4303, section 2.7); in mode Tunnel. Linux leaves it out where the module "
                        + "esp4_offload or esp6_offload is loaded.")
        Integer tfcPadding)
        implements SaTermsBuilder.With {

    public SaTerms {
        protocol = absentIf(IpsecProtocol.ESP, protocol);
        tunnelHeader = absentIf(TunnelHeader.DEFAULT, tunnelHeader);
        icmpErrors = absentIf(false, icmpErrors);
        sequenceMayWrap = absentIf(false, sequenceMayWrap);
    }

    private static <T> T absentIf(T usual, T value) {
        return usual.equals(value) ? null : value;
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
}
