package io.ipsecxdp.agent.steering;

import io.ipsecxdp.bpf.WantedXdpMode;
import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.xfrm.links.XdpFeatures;
import java.util.Optional;

/**
 * In which mode XDP is asked for. Native mode is left to the kernel to refuse, but for a driver that takes the program and
 * drops what it redirects.
 *
 * @param note a sentence about why it is not what the policy would have, or nothing
 * @param refusal why the policy's mode cannot be had
 */
record ModeChoice(WantedXdpMode mode, String note, Optional<String> refusal) {

    /** @param features of the interface's driver; empty if it does not tell */
    static ModeChoice of(XdpMode planned, Optional<XdpFeatures> features) {
        boolean losesRedirected =
                features.filter(can -> can.basic() && !can.redirect()).isPresent();
        return switch (planned) {
            case Generic -> new ModeChoice(WantedXdpMode.GENERIC, "", Optional.empty());
            case Auto ->
                losesRedirected
                        ? new ModeChoice(
                                WantedXdpMode.GENERIC,
                                "In generic mode: the driver's native XDP drops packets that are sent to another CPU"
                                        + " (it lacks NETDEV_XDP_ACT_REDIRECT).",
                                Optional.empty())
                        : new ModeChoice(WantedXdpMode.AUTO, "", Optional.empty());
            case Native ->
                new ModeChoice(
                        WantedXdpMode.NATIVE,
                        "",
                        losesRedirected
                                ? Optional.of(
                                        "The driver's native XDP drops packets that are sent to another CPU (it lacks"
                                                + " NETDEV_XDP_ACT_REDIRECT). Set spec.mode: Auto or Generic.")
                                : Optional.empty());
        };
    }
}
