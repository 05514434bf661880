package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/** A policy that a node must have in its SPD. Name and direction are unique in the node's plan. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@RecordBuilder
@RecordBuilder.Options(setterPrefix = "with")
public record PlannedPolicy(
        @Required @JsonPropertyDescription("Name of the SecurityPolicy.")
        String name,

        @Required @JsonPropertyDescription("Uid of the SecurityPolicy.")
        String uid,

        @Required @JsonPropertyDescription("Generation of the SecurityPolicy.")
        Long generation,

        @Required @JsonPropertyDescription("Out at the source, In and Forward at the destination.")
        PolicyDirection direction,

        @Required @JsonPropertyDescription("Prefix of the packets' source.")
        String selectorSource,

        @Required @JsonPropertyDescription("Prefix of the packets' destination.")
        String selectorDestination,

        @Required @JsonPropertyDescription("Next layer protocol: its name, or the number of one without a name.")
        String protocol,

        @JsonPropertyDescription("Source port, or type of ICMP; any if absent.")
        Integer sourcePort,

        @JsonPropertyDescription("The bits of the source port that count; all if absent.")
        Integer sourcePortMask,

        @JsonPropertyDescription("Destination port, or code of ICMP; any if absent.")
        Integer destinationPort,

        @JsonPropertyDescription("The bits of the destination port that count; all if absent.")
        Integer destinationPortMask,

        @JsonPropertyDescription("Interface by which the packets leave or arrive; any if absent.")
        String interfaceName,

        @JsonPropertyDescription("The mark of the packets; any if absent.")
        Mark mark,

        @JsonPropertyDescription("The if_id of its XFRM interface; none if absent.")
        Long interfaceId,

        @JsonPropertyDescription("Select ICMP errors by the packet that they are about; not if absent.")
        Boolean icmpErrors,

        @JsonPropertyDescription("Ask an IKE daemon for an SA for each CPU; not if absent.")
        Boolean perCpuAcquire,

        @Required @JsonPropertyDescription("Protect, Bypass or Discard.")
        PolicyAction action,

        @Required @JsonPropertyDescription("Of two policies that select a packet the lower number wins.")
        Integer priority,

        @JsonPropertyDescription("What protects the flow; present exactly if the action is Protect.")
        Template template,

        @JsonPropertyDescription("Device of this node that applies it; the kernel if absent.")
        Offload offload,

        @JsonPropertyDescription(
                "What the sender may still send by while the policy changes, for directions In and Forward; absent "
                        + "otherwise.")
        Template former,

        @JsonPropertyDescription("Which of several policies of one owner and direction; absent if there is one.")
        String child,

        @JsonPropertyDescription("The node at the other end; absent if that is outside the cluster.")
        String peer)
        implements PlannedPolicyBuilder.With, PlannedEntry {

    /** This entry, protected by these SAs: the same packets in the same place. */
    public PlannedPolicy protectedBy(Template template, Template former) {
        return withAction(PolicyAction.Protect).withTemplate(template).withFormer(former);
    }

    /** Which packets, the interface and the mark apart. */
    public PlannedSelector selector() {
        return new PlannedSelector(
                selectorSource,
                selectorDestination,
                protocol,
                sourcePort,
                sourcePortMask,
                destinationPort,
                destinationPortMask);
    }

    public Optional<String> onlyInterface() {
        return Optional.ofNullable(interfaceName);
    }

    public Optional<Mark> lookupMark() {
        return Optional.ofNullable(mark);
    }

    public Optional<Long> xfrmInterface() {
        return Optional.ofNullable(interfaceId);
    }

    public boolean takesIcmpErrors() {
        return icmpErrors != null && icmpErrors;
    }

    public boolean acquiresPerCpu() {
        return perCpuAcquire != null && perCpuAcquire;
    }

    public Optional<Offload> hardware() {
        return Optional.ofNullable(offload);
    }

    public Optional<Template> protection() {
        return Optional.ofNullable(template);
    }

    /** The template of the version before, while the policy changes. */
    public Optional<Template> formerProtection() {
        return Optional.ofNullable(former);
    }

    public Optional<String> childName() {
        return Optional.ofNullable(child);
    }

    public Optional<String> otherNode() {
        return Optional.ofNullable(peer);
    }

    /** Which SAs protect the flow (the kernel's {@code struct xfrm_user_tmpl}). */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Template(
            @Required @JsonPropertyDescription("Mode of the SAs.")
            SaMode mode,

            @Required @JsonPropertyDescription("Address of the SAs' source.")
            String source,

            @Required @JsonPropertyDescription("Address of the SAs' destination.")
            String destination,

            @Required @JsonPropertyDescription("Reqid of the SAs.")
            Long reqid,

            @JsonPropertyDescription("Protocol of the SAs; ESP if absent.")
            IpsecProtocol protocol,

            @JsonPropertyDescription("Whether the policy can do without an SA; Required if absent.")
            TemplateLevel level) {

        /** SAs by ESP, which must be there. */
        public static Template esp(SaMode mode, String source, String destination, Long reqid) {
            return new Template(mode, source, destination, reqid, null, null);
        }

        public IpsecProtocol ipsecProtocol() {
            return protocol == null ? IpsecProtocol.ESP : protocol;
        }

        public boolean letsPassWithout() {
            return level == TemplateLevel.Use;
        }

        /** The same SAs at another level. */
        public Template at(TemplateLevel other) {
            return new Template(
                    mode, source, destination, reqid, protocol, other == TemplateLevel.Required ? null : other);
        }
    }
}
