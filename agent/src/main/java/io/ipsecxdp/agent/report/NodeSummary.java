package io.ipsecxdp.agent.report;

import io.ipsecxdp.agent.node.NodeInfo;
import io.ipsecxdp.crds.Acquire;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.NodeCapabilities;
import io.ipsecxdp.crds.NodeInterface;
import io.ipsecxdp.crds.OutcomeCount;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaTraffic;
import io.ipsecxdp.crds.SteeredTraffic;
import io.ipsecxdp.crds.UnknownSpi;
import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.crds.XfrmErrorCount;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is told of the node.
 *
 * @param steered interfaces that carry the XDP program, and in which mode
 * @param overflow a sentence about packets that were lost a short while ago
 * @param badSpis a sentence about packets that came a short while ago and belong to no SA
 * @param unreadable a sentence about SAs and policies of the kernel that the agent skips
 * @param lacks sentences about what this node cannot do
 * @param damagedLedger a sentence about a key ledger that was damaged, as long as that lies there
 * @param trouble a sentence about what keeps the agent from its work
 */
public record NodeSummary(
        String kernel,
        String boot,
        String agent,
        NodeInfo facts,
        NodeCapabilities capabilities,
        Map<String, XdpMode> steered,
        String installedSas,
        StateCounts tally,
        Traffic traffic,
        Optional<String> overflow,
        Optional<String> badSpis,
        Optional<String> unreadable,
        List<String> lacks,
        Optional<String> damagedLedger,
        Optional<String> trouble) {

    /** What the SAs and the XDP program counted, and what became of the packets behind it. */
    public record Traffic(
            SaTraffic sas,
            long espPackets,
            int ownerPercent,
            List<OutcomeCount> outcomes,
            long dropped,
            Optional<String> imbalance,
            List<SteeredTraffic> interfaces,
            List<UnknownSpi> unknownSpis,
            List<XfrmErrorCount> xfrmErrors,
            List<Acquire> acquires) {
        /** By these it is told again, or not. */
        StatusFigures figures() {
            Map<String, Long> figures = new HashMap<>();
            figures.put("encrypted packets", sas.encryptedPackets());
            figures.put("encrypted bytes", sas.encryptedBytes());
            figures.put("decrypted packets", sas.decryptedPackets());
            figures.put("decrypted bytes", sas.decryptedBytes());
            figures.put("esp", espPackets);
            figures.put("owner", (long) ownerPercent);
            figures.put("dropped", dropped);
            outcomes.forEach(one -> figures.put("outcome " + one.outcome(), one.packets()));
            interfaces.forEach(one -> {
                String name = "interface %s of %s ".formatted(one.interfaceName(), one.policy());
                figures.put(name + "packets", one.packets());
                figures.put(name + "owner", (long) one.ownerPercent());
                one.cpus().forEach(cpu -> {
                    figures.put(name + cpu.cpu(), cpu.packets());
                    figures.put(name + cpu.cpu() + " dropped", cpu.dropped());
                });
            });
            unknownSpis.forEach(talker -> figures.put(
                    "unknown %s %s %d %s"
                            .formatted(talker.source(), talker.destination(), talker.spi(), talker.interfaceName()),
                    talker.packets()));
            xfrmErrors.forEach(error -> figures.put("error " + error.counter(), error.packets()));
            acquires.forEach(acquire ->
                    figures.put("acquire %s %s".formatted(acquire.policy(), acquire.since()), acquire.times()));
            return new StatusFigures(figures);
        }
    }

    /** @param shown traffic that is to be told; not always the newest, because it is told seldom */
    IPsecNodeStatus status(Traffic shown, List<Condition> before, Instant now) {
        return new IPsecNodeStatus(
                kernel,
                boot,
                agent,
                facts.cpus().toString(),
                capabilities,
                interfaces(),
                steered.entrySet().stream()
                        .map(entry -> entry.getKey() + ":" + entry.getValue())
                        .collect(Collectors.joining(",")),
                installedSas,
                shown.sas(),
                shown.espPackets(),
                shown.ownerPercent(),
                shown.outcomes(),
                shown.dropped(),
                shown.imbalance().orElse(null),
                shown.interfaces(),
                shown.unknownSpis(),
                shown.xfrmErrors(),
                shown.acquires(),
                conditions(new ConditionTimes(before, Optional.empty(), now)));
    }

    private List<NodeInterface> interfaces() {
        TreeSet<String> names = new TreeSet<>(facts.addresses().keySet());
        names.addAll(steered.keySet());
        List<NodeInterface> interfaces = new ArrayList<>();
        names.forEach(name -> interfaces.add(
                new NodeInterface(name, facts.addresses().getOrDefault(name, List.of()), steered.get(name))));
        return interfaces;
    }

    private List<Condition> conditions(ConditionTimes conditions) {
        Condition ready = trouble.map(
                        sentence -> conditions.of(Condition.READY, false, Reason.KernelRefused.name(), sentence))
                .orElseGet(() -> tally.ready(conditions));
        List<String> complaints = Stream.of(
                        damagedLedger.stream(),
                        overflow.stream(),
                        badSpis.stream(),
                        unreadable.stream(),
                        lacks.stream())
                .flatMap(Function.identity())
                .toList();
        Reason worst = damagedLedger
                .map(sentence -> Reason.LedgerDamaged)
                .or(() -> overflow.map(sentence -> Reason.QueueOverflow))
                .or(() -> badSpis.map(sentence -> Reason.UnknownSpi))
                .or(() -> unreadable.map(sentence -> Reason.UnreadableEntry))
                .orElse(Reason.Unsupported);
        Condition degraded = conditions.of(
                Condition.DEGRADED,
                !complaints.isEmpty(),
                (complaints.isEmpty() ? Reason.Installed : worst).name(),
                complaints.isEmpty()
                        ? "This node can do everything, no packet was lost on the way to a CPU, and none came that belongs to no SA."
                        : String.join(" ", complaints));
        return List.of(ready, degraded);
    }
}
