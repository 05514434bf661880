package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.XdpLinkInfo;

/**
 * What an agent, this or an earlier one, left pinned.
 *
 * @param ifname the interface's name at that time
 * @param ifindex the interface that it is attached to now; 0 if to none
 */
public record PinnedSteering(String ifname, int ifindex) {
    static PinnedSteering of(Pins pins) {
        return new PinnedSteering(
                pins.ifname(), pins.xdpLink().map(XdpLinkInfo::ifindex).orElse(0));
    }
}
