package io.ipsecxdp.e2e;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Numbered packets from one node to another.
 *
 * @param cpu the CPU that sends; any if empty
 * @param count how many; without end if empty
 * @param perSecond rate
 * @param echoed whether the receiver sends each back
 */
public record Flow(
        Node from,
        Node to,
        IpFamily family,
        int port,
        OptionalInt cpu,
        OptionalLong count,
        int perSecond,
        boolean echoed,
        boolean pods) {

    /** Packets between pods, one way and as many as {@code count}. */
    public static Flow counted(Node from, Node to, int port, int cpu, long count, int perSecond) {
        return new Flow(
                from, to, IpFamily.IPV4, port, OptionalInt.of(cpu), OptionalLong.of(count), perSecond, false, true);
    }

    /** Packets between pods, there and back, until it is ended. */
    public static Flow endless(Node from, Node to, int port, int perSecond) {
        return new Flow(
                from, to, IpFamily.IPV4, port, OptionalInt.empty(), OptionalLong.empty(), perSecond, true, true);
    }

    public Flow over(IpFamily other) {
        return new Flow(from, to, other, port, cpu, count, perSecond, echoed, pods);
    }

    /** The same between the nodes' own addresses. */
    public Flow betweenNodes() {
        return new Flow(from, to, family, port, cpu, count, perSecond, echoed, false);
    }

    /** Starts it. */
    public Running start(Daemons daemons) {
        return new Running(this, daemons);
    }

    /** Sends {@link #count} packets and reports what became of them. */
    public Report run(Daemons daemons) {
        try (Running running = start(daemons)) {
            return running.await();
        }
    }

    private String address(Node node) {
        return pods ? node.facts().podAddress(family) : node.facts().address(family);
    }

    private List<String> receiver() {
        var words = new ArrayList<>(List.of(
                to.kernel().payload().traffic(), "receive", "--at", address(to), "--port", Integer.toString(port)));
        if (echoed) {
            words.add("--echo");
        }
        return words;
    }

    private List<String> sender() {
        var words = new ArrayList<>(List.of(
                from.kernel().payload().traffic(),
                "send",
                "--from",
                address(from),
                "--to",
                address(to),
                "--port",
                Integer.toString(port),
                "--rate",
                Integer.toString(perSecond)));
        cpu.ifPresent(number -> words.addAll(List.of("--cpu", Integer.toString(number))));
        count.ifPresent(number -> words.addAll(List.of("--count", Long.toString(number))));
        if (echoed) {
            words.add("--echoed");
        }
        return words;
    }

    /**
     * What became of the packets.
     *
     * @param lost packets that were sent and never came; with echoes, that never came back
     */
    public record Report(long sent, long received, long lost, long duplicates, long late, double seconds) {}

    /** A flow under way. */
    public static final class Running implements AutoCloseable {
        private static final Duration LISTEN = Duration.ofSeconds(10);
        private static final Duration LAST_PACKET = Duration.ofMillis(500);
        private static final long SLACK_SECONDS = 60;

        private final Flow flow;
        private final KernelProcess receiver;
        private final KernelProcess sender;

        private Running(Flow flow, Daemons daemons) {
            this.flow = flow;
            String name = "%s-%s-%d".formatted(flow.from().name(), flow.to().name(), flow.port());
            receiver = KernelProcess.start(daemons, "receive-" + name, flow.to(), flow.receiver());
            receiver.daemon().awaitText("ready", LISTEN);
            sender = KernelProcess.start(daemons, "send-" + name, flow.from(), flow.sender());
        }

        /** Waits until all packets are sent, and reports. */
        public Report await() {
            long packets = flow.count().orElseThrow();
            sender.daemon().awaitEnd(Duration.ofSeconds(SLACK_SECONDS + packets / flow.perSecond()));
            return report();
        }

        /** Ends it and reports. */
        public Report end() {
            sender.terminate();
            return report();
        }

        @Override
        public void close() {
            sender.close();
            receiver.close();
        }

        private Report report() {
            Await.pause(LAST_PACKET);
            receiver.terminate();
            Line sent = Line.of(sender);
            Line seen = flow.echoed() ? sent : Line.of(receiver);
            return new Report(
                    sent.sent(),
                    seen.received(),
                    sent.sent() - seen.received(),
                    seen.duplicates(),
                    seen.late(),
                    sent.seconds());
        }
    }

    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Line(long sent, double seconds, long received, long duplicates, long late) {
        static Line of(KernelProcess process) {
            String text = process.text();
            try {
                return new ObjectMapper().readValue(text.substring(text.indexOf('{')), Line.class);
            } catch (JsonProcessingException | StringIndexOutOfBoundsException e) {
                throw new IllegalStateException(
                        process + " reported nothing; " + process.daemon().tail(), e);
            }
        }
    }
}
