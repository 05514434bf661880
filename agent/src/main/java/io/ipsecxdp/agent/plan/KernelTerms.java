package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.xfrm.AddressFamily;
import io.ipsecxdp.agent.xfrm.Aead;
import io.ipsecxdp.agent.xfrm.IpProtocol;
import io.ipsecxdp.agent.xfrm.Mode;
import io.ipsecxdp.agent.xfrm.Policy;
import io.ipsecxdp.agent.xfrm.PolicyDirection;
import io.ipsecxdp.agent.xfrm.PolicyId;
import io.ipsecxdp.agent.xfrm.PortMatch;
import io.ipsecxdp.agent.xfrm.Sa;
import io.ipsecxdp.agent.xfrm.SaDirection;
import io.ipsecxdp.agent.xfrm.SaId;
import io.ipsecxdp.agent.xfrm.Selector;
import io.ipsecxdp.agent.xfrm.Template;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSelector;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.SaMode;
import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;

/** Translates what is planned into what a kernel takes. */
final class KernelTerms {

    private KernelTerms() {}

    /** @throws IllegalArgumentException with a sentence for the user, if no kernel takes the entry */
    static DesiredSa sa(PlannedSa planned, String slice) {
        boolean outbound = planned.direction() == io.ipsecxdp.crds.SaDirection.Out;
        Sa sa = new Sa(
                SaId.esp(Addresses.parse(planned.destination()), planned.spi()),
                Addresses.parse(planned.source()),
                outbound ? SaDirection.OUT : SaDirection.IN,
                mode(planned.mode()),
                aead(planned.encryption()),
                planned.reqid(),
                outbound ? 0 : planned.replayWindow(),
                planned.esn(),
                planned.ownerCpu().map(OptionalInt::of).orElseGet(OptionalInt::empty));
        return new DesiredSa(planned.name(), planned.uid(), slice, sa, planned.encryption());
    }

    /** @throws IllegalArgumentException with a sentence for the user, if no kernel takes the entry */
    static DesiredPolicy policy(PlannedPolicy planned, String slice) {
        PlannedSelector asked = planned.selector();
        Selector selector = Selector.between(
                        Addresses.parsePrefix(asked.source()), Addresses.parsePrefix(asked.destination()))
                .with(new IpProtocol(asked.upperProtocol().number()), port(asked.from()), port(asked.to()));
        Policy policy = new Policy(
                PolicyId.of(direction(planned.direction()), selector),
                planned.priority(),
                switch (planned.action()) {
                    case Protect, Bypass -> Policy.Action.ALLOW;
                    case Discard -> Policy.Action.BLOCK;
                },
                planned.protection().map(template -> template(template, selector.family())).stream()
                        .toList());
        return new DesiredPolicy(planned.name(), planned.uid(), slice, policy);
    }

    static PolicyDirection direction(io.ipsecxdp.crds.PolicyDirection direction) {
        return switch (direction) {
            case Out -> PolicyDirection.OUT;
            case In -> PolicyDirection.IN;
            case Forward -> PolicyDirection.FORWARD;
        };
    }

    private static Aead aead(Protection encryption) {
        return switch (encryption.algorithm()) {
            case ENCR_AES_GCM_8, ENCR_AES_GCM_12, ENCR_AES_GCM_16 ->
                Aead.aesGcm(encryption.keyBits(), encryption.algorithm().icvBits());
            default ->
                throw new IllegalArgumentException(
                        "This agent cannot install %s yet".formatted(encryption.algorithm()));
        };
    }

    private static Mode mode(SaMode mode) {
        return switch (mode) {
            case Tunnel -> Mode.TUNNEL;
            case Transport -> Mode.TRANSPORT;
            case BEET -> Mode.BEET;
        };
    }

    private static Template template(PlannedPolicy.Template template, AddressFamily family) {
        InetAddress source = Addresses.parse(template.source());
        return switch (template.mode()) {
            case Tunnel -> Template.espTunnel(source, Addresses.parse(template.destination()), template.reqid());
            case Transport -> Template.espTransport(family, template.reqid());
            case BEET -> throw new IllegalArgumentException("This agent cannot install mode BEET yet");
        };
    }

    private static PortMatch port(Optional<PlannedSelector.MaskedPort> port) {
        return port.map(masked -> new PortMatch(masked.port(), masked.mask())).orElse(PortMatch.ANY);
    }
}
