package io.ipsecxdp.e2e;

import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A load over the tunnels between two nodes' pods: numbered packets both ways, from each CPU the same number at the same
 * time, with every count taken by the kernel.
 *
 * @param packets from each CPU, each way
 * @param perSecond from each CPU, each way
 */
public record Load(Daemons daemons, Node first, Node second, int cpus, long packets, int perSecond) {
    private static final int FIRST_PORT = 7000;

    /** An SA that the load may go over; without an owner, any CPU may decrypt for it. */
    public record LoadedSa(String name, long spi, Optional<Integer> owner) {

        static LoadedSa of(SecurityAssociation sa) {
            SecurityAssociationSpec spec = sa.getSpec();
            return new LoadedSa(
                    sa.getMetadata().getName(), spec.spi(), spec.destination().ownerCpu());
        }
    }

    /** Sends the load and counts what declared SAs do. */
    public Report run(Decrypts decrypts, List<SecurityAssociation> sas) {
        return runOver(decrypts, sas.stream().map(LoadedSa::of).toList());
    }

    /** Sends the load and counts what the SAs do. */
    public Report runOver(Decrypts decrypts, List<LoadedSa> sas) {
        Decrypts.Tally before = decrypts.read();
        try (var running = new Cleanup();
                var esp = Wire.count(daemons, List.of(first, second), "esp", "esp");
                var plain = Wire.count(daemons, List.of(first, second), "plain", "ip and not esp")) {
            List<Flow.Running> flows = new ArrayList<>();
            for (int cpu = 0; cpu < cpus; cpu++) {
                flows.add(running.add(Flow.counted(first, second, FIRST_PORT + cpu, cpu, packets, perSecond)
                        .start(daemons)));
                flows.add(running.add(Flow.counted(second, first, FIRST_PORT + cpu, cpu, packets, perSecond)
                        .start(daemons)));
            }
            List<Flow.Report> reports = flows.stream().map(Flow.Running::await).toList();
            Decrypts.Tally tally = decrypts.read().since(before);
            return new Report(
                    reports,
                    esp.stop(),
                    plain.stop(),
                    sas.stream().map(sa -> SaCount.of(sa, tally)).toList());
        }
    }

    /**
     * What became of a load.
     *
     * @param esp ESP packets on the wire
     * @param plain other IPv4 packets on the wire
     */
    public record Report(List<Flow.Report> flows, long esp, long plain, List<SaCount> sas) {

        public long sent() {
            return flows.stream().mapToLong(Flow.Report::sent).sum();
        }

        public long lost() {
            return flows.stream().mapToLong(Flow.Report::lost).sum();
        }

        public long duplicates() {
            return flows.stream().mapToLong(Flow.Report::duplicates).sum();
        }

        public long late() {
            return flows.stream().mapToLong(Flow.Report::late).sum();
        }

        public long decrypted() {
            return sas.stream().mapToLong(SaCount::decrypted).sum();
        }

        public long onOwner() {
            return sas.stream().mapToLong(SaCount::onOwner).sum();
        }

        /** Of the decrypted packets, those decrypted by the CPU that owns their SA. */
        public double ownerPercent() {
            return 100.0 * onOwner() / decrypted();
        }

        /** A table for people: a line per SA. */
        public String table() {
            var cpus = sas.stream()
                    .flatMap(sa -> sa.byCpu().keySet().stream())
                    .collect(Collectors.toCollection(TreeSet::new));
            var text = new StringBuilder("%-14s %10s %6s %10s".formatted("SA", "SPI", "owner", "decrypted"));
            cpus.forEach(cpu -> text.append(" %9s".formatted("on CPU " + cpu)));
            text.append('\n');
            for (SaCount sa : sas) {
                text.append("%-14s %10s %6s %10d"
                        .formatted(
                                sa.name(),
                                Long.toHexString(sa.spi()),
                                sa.owner().map(cpu -> "CPU " + cpu).orElse("-"),
                                sa.decrypted()));
                cpus.forEach(cpu -> text.append(" %9d".formatted(sa.byCpu().getOrDefault(cpu, 0L))));
                text.append('\n');
            }
            return text.toString();
        }
    }

    /** Packets that an SA decrypted, by CPU. */
    public record SaCount(String name, long spi, Optional<Integer> owner, Map<Integer, Long> byCpu) {

        static SaCount of(LoadedSa sa, Decrypts.Tally tally) {
            return new SaCount(sa.name(), sa.spi(), sa.owner(), tally.bySpi().getOrDefault(sa.spi(), Map.of()));
        }

        long decrypted() {
            return byCpu.values().stream().mapToLong(Long::longValue).sum();
        }

        long onOwner() {
            return owner.map(cpu -> byCpu.getOrDefault(cpu, 0L)).orElse(0L);
        }
    }
}
