package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code lab/nodes} on this machine's kernel: it kills and deletes what it made, and nothing else. */
class NodesIT {
    private static final String ONE = "nodes-it-1";
    private static final String TWO = "nodes-it-2";

    private final String nodes = Project.here().lab("nodes");

    @AfterEach
    void clean() {
        List.of(ONE, TWO).forEach(lab -> nodes("down", lab, List.of(), "n1", "n2"));
    }

    @Test
    void aNamespaceOfSomebodyElseIsRefusedAndItsProcessesLive() throws Exception {
        Command.of("ip", "netns", "add", ONE + "-n1").output();
        Process theirs = new ProcessBuilder("nsenter", "--net=/run/netns/" + ONE + "-n1", "sleep", "60").start();
        try {
            for (String command : List.of("up", "down")) {
                Command.Result refused = nodes(command, ONE, List.of(), "n1", "n2");

                assertThat(refused.ok()).isFalse();
                assertThat(refused.err()).contains(ONE + "-n1 is not one that this script made");
            }
            assertThat(theirs.isAlive()).isTrue();
            assertThat(namespaces()).contains(ONE + "-n1").doesNotContain(ONE + "-n2");
        } finally {
            theirs.destroyForcibly().waitFor();
            Command.of("ip", "netns", "delete", ONE + "-n1").run();
        }
    }

    /** Nor is one that took the place of a node. */
    @Test
    void aNamespaceThatTookTheNameOfANodeIsNotThatNode() {
        assertThat(nodes("up", ONE, mgmt(200), "n1", "n2").ok()).isTrue();
        Command.of("ip", "netns", "delete", ONE + "-n1").output();
        Command.of("ip", "netns", "add", ONE + "-n1").output();

        assertThat(nodes("down", ONE, List.of(), "n1", "n2").err()).contains("is not one that this script made");

        assertThat(namespaces()).contains(ONE + "-n1");
        Command.of("ip", "netns", "delete", ONE + "-n1").output();
    }

    @Test
    void twoLabsWithNodesOfTheSameNamesDoNotDisturbEachOther() {
        assertThat(nodes("up", ONE, mgmt(200), "n1", "n2").ok()).isTrue();
        assertThat(nodes("up", TWO, mgmt(201), "n1", "n2").ok()).isTrue();

        assertThat(nodes("down", TWO, List.of(), "n1", "n2").ok()).isTrue();

        assertThat(namespaces()).contains(ONE + "-n1", ONE + "-n2").doesNotContain(TWO + "-n1", TWO + "-n2");
        assertThat(Command.of("nsenter", "--net=/run/netns/" + ONE + "-n1", "ping", "-q", "-c", "1", "10.20.2.1")
                        .run()
                        .ok())
                .isTrue();
    }

    @Test
    void whatALabThatWasKilledLeftGoesWithTheNext() throws Exception {
        Process owner = new ProcessBuilder("sleep", "60").start();
        var options = new ArrayList<>(mgmt(200));
        options.addAll(List.of("--owner", Long.toString(owner.pid())));
        assertThat(nodes("up", ONE, options, "n1", "n2").ok()).isTrue();
        owner.destroyForcibly().waitFor();

        assertThat(nodes("up", TWO, mgmt(201), "n1", "n2").ok()).isTrue();

        assertThat(namespaces()).doesNotContain(ONE + "-n1", ONE + "-n2");
    }

    private Command.Result nodes(String command, String lab, List<String> options, String... names) {
        var words = new ArrayList<>(List.of(nodes, command, "--lab", lab));
        words.addAll(options);
        words.addAll(List.of(names));
        return Command.of(words).run();
    }

    private static List<String> mgmt(int third) {
        return List.of("--mgmt", "198.19." + third);
    }

    private static List<String> namespaces() {
        return Command.of("ip", "netns", "list")
                .output()
                .lines()
                .map(line -> line.split(" ")[0])
                .toList();
    }
}
