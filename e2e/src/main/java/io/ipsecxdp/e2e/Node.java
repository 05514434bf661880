package io.ipsecxdp.e2e;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A node: a network namespace of a kernel. */
public record Node(Kernel kernel, NodeFacts facts) {

    public String name() {
        return facts.name();
    }

    /** The command of this machine that runs {@code words} on the node. */
    public List<String> command(String... words) {
        return kernel.command(inside(List.of(words)));
    }

    /** Runs a command to its end and returns what it printed. */
    public String run(String... words) {
        return Command.of(command(words)).output();
    }

    /** Runs a command to its end, whatever it exits with. */
    public Command.Result tryRun(String... words) {
        return Command.of(command(words)).run();
    }

    /** Runs a shell script on the node to its end and returns what it printed. */
    public String script(String text) {
        return Command.of(command("bash", "-s")).reading(text).output();
    }

    /** Takes its way to the API server from it for {@code time}; its connections stay, and nothing comes through. */
    public void cutOff(Duration time) {
        run("ip", "link", "set", "mgmt0", "down");
        try {
            Await.pause(time);
        } finally {
            run("ip", "link", "set", "mgmt0", "up");
        }
    }

    private List<String> inside(List<String> words) {
        // Not `ip netns exec`: that makes a mount namespace, and what is mounted or pinned in there ends with the
        // command.
        var all = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + facts.namespace()));
        all.addAll(words);
        return all;
    }
}
