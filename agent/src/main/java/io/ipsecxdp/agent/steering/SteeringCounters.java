package io.ipsecxdp.agent.steering;

import io.ipsecxdp.bpf.Outcome;
import io.ipsecxdp.crds.CpuTraffic;
import io.ipsecxdp.crds.SteeredTraffic;
import io.ipsecxdp.crds.UnknownSpi;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * What was counted on all steered interfaces.
 *
 * @param interfaces by name
 * @param overflow a sentence about packets that were lost a short while ago
 */
public record SteeringCounters(List<InterfaceCounters> interfaces, Optional<String> overflow) {

    public static final SteeringCounters NONE = new SteeringCounters(List.of(), Optional.empty());

    public SteeringCounters {
        interfaces = List.copyOf(interfaces);
    }

    /** By outcome; outcomes without a packet are left out. */
    public Map<Outcome, Long> packets() {
        Map<Outcome, Long> packets = new EnumMap<>(Outcome.class);
        for (Outcome outcome : Outcome.values()) {
            long count = interfaces.stream()
                    .mapToLong(one -> one.of(outcome).packets())
                    .sum();
            if (count != 0) {
                packets.put(outcome, count);
            }
        }
        return Collections.unmodifiableMap(packets);
    }

    /** ESP and AH. */
    public long ipsecPackets() {
        return interfaces.stream().mapToLong(one -> one.ipsec().packets()).sum();
    }

    /** Of the ESP and AH packets, in percent, those sent to the CPU that owns their SA; rounded down. */
    public int ownerPercent() {
        return percent(packets().getOrDefault(Outcome.OWNER, 0L), ipsecPackets());
    }

    static int percent(long part, long whole) {
        return whole == 0 ? 0 : (int) (part * 100 / whole);
    }

    public long dropped() {
        return interfaces.stream().mapToLong(InterfaceCounters::dropped).sum();
    }

    /** That of the interface where it is worst. */
    public OptionalDouble imbalance() {
        return interfaces.stream()
                .map(InterfaceCounters::imbalance)
                .filter(OptionalDouble::isPresent)
                .mapToDouble(OptionalDouble::getAsDouble)
                .max();
    }

    /** For a status: bounded, and in words that people read. */
    public List<SteeredTraffic> traffic() {
        return interfaces.stream()
                .limit(SteeredTraffic.MAX_INTERFACES)
                .map(one -> new SteeredTraffic(
                        one.interfaceName(),
                        one.policy(),
                        one.ipsec().packets(),
                        one.ipsec().bytes(),
                        percent(one.of(Outcome.OWNER).packets(), one.ipsec().packets()),
                        one.dropped(),
                        inWords(one.imbalance()).orElse(null),
                        cpus(one)))
                .toList();
    }

    /** Those with the most packets, of all interfaces. */
    public List<UnknownSpi> unknownSpis() {
        return interfaces.stream()
                .flatMap(one -> one.unknown().stream()
                        .map(talker -> new UnknownSpi(
                                talker.source().getHostAddress(),
                                talker.destination().getHostAddress(),
                                talker.spi(),
                                talker.packets(),
                                one.interfaceName())))
                .sorted(Comparator.comparingLong(UnknownSpi::packets)
                        .reversed()
                        .thenComparing(UnknownSpi::source)
                        .thenComparing(UnknownSpi::spi))
                .limit(UnknownSpi.MAX_LISTED)
                .toList();
    }

    /** {@code 1.00} is even. */
    public static Optional<String> inWords(OptionalDouble imbalance) {
        return imbalance.isPresent()
                ? Optional.of(String.format(Locale.ROOT, "%.2f", imbalance.getAsDouble()))
                : Optional.empty();
    }

    private static List<CpuTraffic> cpus(InterfaceCounters one) {
        return IntStream.range(0, one.queues().size())
                .mapToObj(cpu ->
                        new CpuTraffic(cpu, one.queue(cpu).enqueued(), InterfaceCounters.dropped(one.queue(cpu))))
                .filter(cpu -> cpu.packets() > 0 || cpu.dropped() > 0)
                .sorted(Comparator.comparingLong(CpuTraffic::packets).reversed())
                .limit(SteeredTraffic.MAX_CPUS)
                .sorted(Comparator.comparingInt(CpuTraffic::cpu))
                .toList();
    }
}
