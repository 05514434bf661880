package io.ipsecxdp.agent.xfrm;

import java.net.InetAddress;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * An SA as the kernel shows it, whoever installed it. Key bytes are never read: under lockdown the kernel redacts them
 * anyway.
 *
 * @param direction empty if the SA has none, or the kernel knows none
 * @param aead empty for an SA with other algorithms, or for a larval one
 * @param ownerCpu empty if all CPUs may use it
 * @param flags {@code XFRM_STATE_*} bits of linux/xfrm.h
 * @param selector empty if it takes both families, as our tunnels do
 * @param features what this SA has and no SA of ours has
 * @param errors packets it refused
 */
public record ObservedSa(
        SaId id,
        InetAddress source,
        Optional<SaDirection> direction,
        Mode mode,
        Optional<Aead> aead,
        long reqid,
        ReplayState replay,
        boolean esn,
        OptionalInt ownerCpu,
        int flags,
        Optional<Selector> selector,
        Lifetime lifetime,
        Counters counters,
        Errors errors,
        Set<Feature> features) {

    /**
     * Packets refused by the SA ({@code struct xfrm_stats}).
     *
     * @param outsideWindow older than the replay window
     * @param replayed seen before
     * @param integrityFailed did not authenticate
     */
    public record Errors(long outsideWindow, long replayed, long integrityFailed) {}

    /** Settings that this program does not install, and that make an SA another one than ours. */
    public enum Feature {
        OTHER_ALGORITHM,
        ENCAPSULATION,
        CARE_OF_ADDRESS,
        TFC_PADDING,
        EXTRA_FLAGS,
        OFFLOAD,
        OUTPUT_MARK,
        INTERFACE_ID,
        NAT_KEEPALIVE
    }

    public ObservedSa {
        features = Set.copyOf(features);
    }

    /** An SA that the kernel or an IKE daemon has reserved and that has no algorithm yet. */
    public boolean larval() {
        return aead.isEmpty() && !features.contains(Feature.OTHER_ALGORITHM);
    }
}
