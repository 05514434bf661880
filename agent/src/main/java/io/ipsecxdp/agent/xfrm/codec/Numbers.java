package io.ipsecxdp.agent.xfrm.codec;

import io.ipsecxdp.agent.xfrm.AddressFamily;
import io.ipsecxdp.agent.xfrm.Mode;
import io.ipsecxdp.agent.xfrm.Offload;
import io.ipsecxdp.agent.xfrm.Policy;
import io.ipsecxdp.agent.xfrm.PolicyDirection;
import io.ipsecxdp.agent.xfrm.PolicyId;
import io.ipsecxdp.agent.xfrm.SaDirection;
import java.util.Optional;

/** The kernel's numbers for the model's names (linux/xfrm.h), both ways. */
final class Numbers {

    /** {@code UDP_ENCAP_ESPINUDP} of linux/udp.h: RFC 3948. */
    static final int UDP_ENCAP_ESPINUDP = 2;

    static final int XFRM_OFFLOAD_INBOUND = 2;
    static final int XFRM_OFFLOAD_PACKET = 4;

    private Numbers() {}

    static int of(AddressFamily family) {
        return switch (family) {
            case IPV4 -> Layout.AF_INET;
            case IPV6 -> Layout.AF_INET6;
        };
    }

    static Optional<AddressFamily> family(int number) {
        return switch (number) {
            case Layout.AF_UNSPEC -> Optional.empty();
            case Layout.AF_INET -> Optional.of(AddressFamily.IPV4);
            case Layout.AF_INET6 -> Optional.of(AddressFamily.IPV6);
            default -> throw new MalformedMessageException("address family " + number);
        };
    }

    static int of(Mode mode) {
        return switch (mode) {
            case TRANSPORT -> 0;
            case TUNNEL -> 1;
            case ROUTE_OPTIMIZATION -> 2;
            case IN_TRIGGER -> 3;
            case BEET -> 4;
            case IPTFS -> 5;
            case UNKNOWN -> throw new IllegalArgumentException("An unknown mode has no number");
        };
    }

    static Mode mode(int number) {
        return switch (number) {
            case 0 -> Mode.TRANSPORT;
            case 1 -> Mode.TUNNEL;
            case 2 -> Mode.ROUTE_OPTIMIZATION;
            case 3 -> Mode.IN_TRIGGER;
            case 4 -> Mode.BEET;
            case 5 -> Mode.IPTFS;
            default -> Mode.UNKNOWN;
        };
    }

    static int of(SaDirection direction) {
        return switch (direction) {
            case IN -> 1;
            case OUT -> 2;
        };
    }

    static SaDirection saDirection(int number) {
        return switch (number) {
            case 1 -> SaDirection.IN;
            case 2 -> SaDirection.OUT;
            default -> throw new MalformedMessageException("SA direction " + number);
        };
    }

    static int of(PolicyDirection direction) {
        return switch (direction) {
            case IN -> 0;
            case OUT -> 1;
            case FORWARD -> 2;
            case SOCKET_IN -> 3;
            case SOCKET_OUT -> 4;
            case SOCKET_FORWARD -> 5;
        };
    }

    static PolicyDirection policyDirection(int number) {
        return switch (number) {
            case 0 -> PolicyDirection.IN;
            case 1 -> PolicyDirection.OUT;
            case 2 -> PolicyDirection.FORWARD;
            case 3 -> PolicyDirection.SOCKET_IN;
            case 4 -> PolicyDirection.SOCKET_OUT;
            case 5 -> PolicyDirection.SOCKET_FORWARD;
            default -> throw new MalformedMessageException("policy direction " + number);
        };
    }

    static int of(PolicyId.Type type) {
        return switch (type) {
            case MAIN -> 0;
            case SUB -> 1;
        };
    }

    static PolicyId.Type policyType(int number) {
        return switch (number) {
            case 0 -> PolicyId.Type.MAIN;
            case 1 -> PolicyId.Type.SUB;
            default -> throw new MalformedMessageException("policy type " + number);
        };
    }

    static int of(Policy.Action action) {
        return switch (action) {
            case ALLOW -> 0;
            case BLOCK -> 1;
        };
    }

    static Policy.Action action(int number) {
        return switch (number) {
            case 0 -> Policy.Action.ALLOW;
            case 1 -> Policy.Action.BLOCK;
            default -> throw new MalformedMessageException("policy action " + number);
        };
    }

    static int offloadFlags(Offload offload, SaDirection direction) {
        return (direction == SaDirection.IN ? XFRM_OFFLOAD_INBOUND : 0) | (offload.packet() ? XFRM_OFFLOAD_PACKET : 0);
    }

    static Offload offload(int interfaceIndex, int flags) {
        return new Offload(interfaceIndex, (flags & XFRM_OFFLOAD_PACKET) != 0);
    }
}
