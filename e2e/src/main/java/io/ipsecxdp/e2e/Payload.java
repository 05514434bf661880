package io.ipsecxdp.e2e;

import java.util.ArrayList;
import java.util.List;

/**
 * What the harness brings into a kernel.
 *
 * @param folder its path there
 * @param agentOptions options of the agent's JVM
 */
public record Payload(String folder, List<String> agentOptions) {
    /** As agent/Containerfile has them. */
    private static final List<String> OPTIONS = List.of(
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:+DisableAttachMechanism",
            "--enable-native-access=ALL-UNNAMED");

    public Payload {
        agentOptions = List.copyOf(agentOptions);
    }

    /** The command that runs the agent. */
    public List<String> agent() {
        var words = new ArrayList<>(List.of(folder + "/jre/bin/java"));
        words.addAll(OPTIONS);
        words.addAll(agentOptions);
        words.addAll(List.of("-jar", folder + "/agent/quarkus-run.jar"));
        return words;
    }

    /** The program that sends and receives numbered packets. */
    public String traffic() {
        return folder + "/traffic";
    }
}
