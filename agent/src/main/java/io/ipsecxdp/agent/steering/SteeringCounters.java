package io.ipsecxdp.agent.steering;

import io.ipsecxdp.bpf.Outcome;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * What the XDP program counted on all steered interfaces together.
 *
 * @param packets by outcome; outcomes without a packet are left out
 */
public record SteeringCounters(Map<Outcome, Long> packets) {

    public static final SteeringCounters NONE = new SteeringCounters(Map.of());

    public SteeringCounters {
        packets = packets.isEmpty() ? Map.of() : Map.copyOf(new EnumMap<>(packets));
    }

    public long espPackets() {
        return Arrays.stream(Outcome.values())
                .filter(Outcome::isIpsec)
                .mapToLong(this::of)
                .sum();
    }

    /** Of the ESP packets, in percent, those that were sent to the CPU that owns their SA; rounded down. */
    public int ownerPercent() {
        long esp = espPackets();
        return esp == 0 ? 0 : (int) (of(Outcome.OWNER) * 100 / esp);
    }

    public long of(Outcome outcome) {
        return packets.getOrDefault(outcome, 0L);
    }
}
