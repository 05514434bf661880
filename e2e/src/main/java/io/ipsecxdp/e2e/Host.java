package io.ipsecxdp.e2e;

import java.util.ArrayList;
import java.util.List;

/** This machine's own kernel. */
public final class Host implements Kernel {
    private static final long PID = ProcessHandle.current().pid();

    /** Of the networks of RFC 2544 (benchmarks), where it is in nobody's way, one for each process. */
    private static final String MANAGEMENT = "198.%d.%d".formatted(18 + PID / 256 % 2, PID % 256);

    private static final String LAB = "ipsec-xdp-" + PID;

    private final Project project;
    private final Payload payload;
    private final int apiPort;
    private final List<String> nodes = new ArrayList<>();
    private final Cleanup cleanup = new Cleanup();

    /** @param apiPort the port on loopback that nodes reach at {@link #API_ADDRESS} */
    public Host(Project project, Payload payload, int apiPort) {
        this.project = project;
        this.payload = payload;
        this.apiPort = apiPort;
    }

    /** Address of this machine, as its nodes see it. */
    public static final String API_ADDRESS = MANAGEMENT + ".2";

    @Override
    public List<String> command(List<String> words) {
        return words;
    }

    @Override
    public String shell() {
        return "\"$@\"";
    }

    @Override
    public Payload payload() {
        return payload;
    }

    @Override
    public List<NodeFacts> makeNodes(List<String> names) {
        var words = new ArrayList<>(
                List.of(project.lab("nodes"), "up", "--lab", LAB, "--owner", Long.toString(PID), "--mgmt", MANAGEMENT));
        words.addAll(names);
        nodes.addAll(names);
        List<NodeFacts> facts = NodeFacts.parseAll(Command.of(words).output());
        cleanup.add(Forwarder.listen(API_ADDRESS, apiPort));
        return facts;
    }

    @Override
    public String machine() {
        return Machine.describe();
    }

    @Override
    public void close() {
        cleanup.close();
        if (!nodes.isEmpty()) {
            var words = new ArrayList<>(List.of(project.lab("nodes"), "down", "--lab", LAB));
            words.addAll(nodes);
            Command.of(words).run();
            nodes.clear();
        }
    }

    @Override
    public String toString() {
        return "this machine's kernel";
    }
}
