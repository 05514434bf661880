package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.XfrmOffload;
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

    static int of(SaDir direction) {
        return switch (direction) {
            case IN -> 1;
            case OUT -> 2;
        };
    }

    static SaDir saDirection(int number) {
        return switch (number) {
            case 1 -> SaDir.IN;
            case 2 -> SaDir.OUT;
            default -> throw new MalformedMessageException("SA direction " + number);
        };
    }

    static int of(PolicyDir direction) {
        return switch (direction) {
            case IN -> 0;
            case OUT -> 1;
            case FORWARD -> 2;
            case SOCKET_IN -> 3;
            case SOCKET_OUT -> 4;
            case SOCKET_FORWARD -> 5;
        };
    }

    static PolicyDir policyDirection(int number) {
        return switch (number) {
            case 0 -> PolicyDir.IN;
            case 1 -> PolicyDir.OUT;
            case 2 -> PolicyDir.FORWARD;
            case 3 -> PolicyDir.SOCKET_IN;
            case 4 -> PolicyDir.SOCKET_OUT;
            case 5 -> PolicyDir.SOCKET_FORWARD;
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

    static int offloadFlags(XfrmOffload offload, SaDir direction) {
        return (direction == SaDir.IN ? XFRM_OFFLOAD_INBOUND : 0) | (offload.packet() ? XFRM_OFFLOAD_PACKET : 0);
    }

    static XfrmOffload offload(int interfaceIndex, int flags) {
        return new XfrmOffload(interfaceIndex, (flags & XFRM_OFFLOAD_PACKET) != 0);
    }
}
