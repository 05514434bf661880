package io.ipsecxdp.e2e;

import java.util.ArrayList;
import java.util.List;

/**
 * What the harness brings into a kernel.
 *
 * @param folder its path there
 * @param agentOptions options of the agent's JVM, beside those of agent/jvm.options
 */
public record Payload(String folder, List<String> agentOptions) {
    public Payload {
        agentOptions = List.copyOf(agentOptions);
    }

    /** The command that runs the agent. */
    public List<String> agent() {
        var words = new ArrayList<>(agentOptions);
        words.addAll(List.of("-jar", folder + "/agent/quarkus-run.jar"));
        return java(words);
    }

    /** The command that runs another program on the agent's classes, by a JVM like the agent's. */
    public List<String> onAgentClasses(String jar, String mainClass) {
        String classes = "%1$s/agent/app/*:%1$s/agent/lib/main/*:%1$s/agent/lib/boot/*".formatted(folder);
        return java(List.of("-cp", jar + ":" + classes, mainClass));
    }

    private List<String> java(List<String> words) {
        var all = new ArrayList<>(List.of(folder + "/jre/bin/java", "@" + folder + "/jvm.options"));
        all.addAll(words);
        return all;
    }

    /** The program that sends and receives numbered packets. */
    public String traffic() {
        return folder + "/traffic";
    }
}
