package io.ipsecxdp.bpf;

/**
 * What an agent, this or an earlier one, left pinned.
 *
 * @param ifname the interface's name at that time
 * @param ifindex the interface that it is attached to now; 0 if to none
 */
public record PinnedSteering(String ifname, int ifindex) {
    static PinnedSteering of(Pins pins, Dispatchers dispatchers) {
        return new PinnedSteering(
                pins.ifname(),
                Attachment.of(pins, dispatchers)
                        .map(hold -> {
                            try (hold) {
                                return hold.ifindex();
                            }
                        })
                        .orElse(0));
    }
}
