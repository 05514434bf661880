package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.AgentProcess;
import io.ipsecxdp.e2e.Cluster;
import io.ipsecxdp.e2e.Command;
import io.ipsecxdp.e2e.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Start and memory of operator and agent when they are ready and have nothing to do. */
final class Footprint implements Measurement {

    private record Start(double seconds, double mebibytes) {}

    @Override
    public String id() {
        return "footprint";
    }

    @Override
    public String what() {
        return "start and resident memory of operator and agent without work";
    }

    @Override
    public String method() {
        return """
                A start lasts from the beginning of the process until it is ready; the memory is `VmRSS` at that moment. The operator runs on the machine
                itself, an agent in the guest and another on the machine's own kernel.
                """;
    }

    @Override
    public List<Figure> measure(Labs labs) {
        List<Figure> figures = new ArrayList<>();
        Cluster cluster = labs.cluster();
        figures.addAll(figures("operator", "the operator", () -> startOf(cluster.operator())));
        figures.addAll(figures("agent", "an agent", () -> startOf(cluster.agent(0))).stream()
                .map(figure -> figure.on(cluster.lab().kernel().machine()))
                .toList());
        Cluster here = labs.clusterOnThisMachine();
        figures.addAll(figures("agent-host", "an agent on this machine's own kernel", () -> startOf(here.agent(0))));
        return figures;
    }

    private static List<Figure> figures(String id, String who, Supplier<Start> start) {
        start.get();
        List<Start> starts = Stream.generate(start).limit(Rounds.LEAST).toList();
        return List.of(
                Figure.median(
                        id + "-start",
                        "start of " + who + " until it is ready",
                        "s",
                        new Series(starts.stream().map(Start::seconds).toList())),
                Figure.median(
                        id + "-rss",
                        "resident memory of " + who + " when it is ready",
                        "MiB",
                        new Series(starts.stream().map(Start::mebibytes).toList())));
    }

    private static Start startOf(AgentProcess agent) {
        agent.terminate();
        agent.startAgain();
        return new Start(
                agent.awaitReady().toNanos() / 1e9,
                ProcessMemory.of(agent.status()).resident());
    }

    private static Start startOf(Operator operator) {
        operator.terminate();
        operator.startAgain();
        double seconds = operator.awaitReady().toNanos() / 1e9;
        String status = Command.of("cat", "/proc/" + operator.daemon().pid() + "/status")
                .output();
        return new Start(seconds, ProcessMemory.of(status).resident());
    }
}
