package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/** What the outer header of a tunnel takes from the inner one, and gives back (RFC 4301, section 5.1.2). */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TunnelHeader(
        @JsonPropertyDescription(
                "At the source, copy the DSCP to the outer header: true if not given. False hides it, and sends 0 "
                        + "(the kernel's extra flag dont-encap-dscp).")
        Boolean copyDscpToOuter,

        @JsonPropertyDescription(
                "At the destination, copy the DSCP of the outer header to the packet: false if not given (the kernel's "
                        + "flag decap-dscp).")
        Boolean copyDscpToInner,

        @JsonPropertyDescription(
                "Carry explicit congestion notification through the tunnel (RFC 6040): true if not given (false is the "
                        + "kernel's flag noecn).")
        Boolean ecn,

        @JsonPropertyDescription(
                "At the source, copy the bit \"don't fragment\" of IPv4 to the outer header, and so find the "
                        + "path's MTU: true if not given. False clears it, so that routers may cut the outer packets (the "
                        + "kernel's flag nopmtudisc).")
        Boolean pathMtuDiscovery) {

    /** Outer headers as they are if nobody asks for anything. */
    public static final TunnelHeader DEFAULT = new TunnelHeader(null, null, null, null);

    public boolean copiesDscpToOuter() {
        return copyDscpToOuter == null || copyDscpToOuter;
    }

    public boolean copiesDscpToInner() {
        return copyDscpToInner != null && copyDscpToInner;
    }

    public boolean carriesEcn() {
        return ecn == null || ecn;
    }

    public boolean discoversPathMtu() {
        return pathMtuDiscovery == null || pathMtuDiscovery;
    }
}
