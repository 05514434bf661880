package io.ipsecxdp.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A virtual machine with a Debian kernel, with the agent on a disk of it. */
public final class Guest implements Kernel {
    private static final Duration BOOT = Duration.ofMinutes(20); // the first time, the image is made
    private static final int MEMORY_MIB = 2048;
    private static final int NODE_NICS = 2;
    private static final String MOUNT = "/run/payload";

    private final Project project;
    private final Payload payload;
    private final Path folder;

    private Guest(Project project, Payload payload, Path folder) {
        this.project = project;
        this.payload = payload;
        this.folder = folder;
    }

    /**
     * Boots one.
     *
     * @param release which kernel, as {@code lab/vm --kernel} names it
     * @param folder for its console's log
     */
    public static Guest boot(Project project, String release, AgentBundle bundle, Path folder) {
        Command.of(
                        project.lab("vm"),
                        "start",
                        "--kernel",
                        release,
                        "--memory",
                        Integer.toString(MEMORY_MIB),
                        "--node-nics",
                        Integer.toString(NODE_NICS),
                        "--data",
                        bundle.image().toString(),
                        "--owner",
                        Long.toString(ProcessHandle.current().pid()),
                        folder.toString())
                .within(BOOT)
                .output();
        var guest = new Guest(project, bundle.at(MOUNT), folder);
        guest.script("mkdir -p %1$s && mount -o ro /dev/vda %1$s".formatted(MOUNT));
        return guest;
    }

    @Override
    public List<String> command(List<String> words) {
        var ssh = new ArrayList<>(
                List.of("ssh", "-F", folder.resolve("ssh_config").toString(), "guest"));
        ssh.add(words.stream().map(Guest::quoted).collect(Collectors.joining(" ")));
        return ssh;
    }

    @Override
    public String shell() {
        return "ssh $terminal -F '%s' guest \"${*@Q}\"".formatted(folder.resolve("ssh_config"));
    }

    @Override
    public Payload payload() {
        return payload;
    }

    @Override
    public List<NodeFacts> makeNodes(List<String> names) {
        var words = new ArrayList<>(List.of("up"));
        IntStream.range(0, names.size())
                .mapToObj(i -> names.get(i) + "=nic" + (i + 1))
                .forEach(words::add);
        return NodeFacts.parseAll(script(nodesScript(), words.toArray(String[]::new)));
    }

    @Override
    public String machine() {
        return "a guest of QEMU (%s CPUs, software emulation), kernel %s, on: %s"
                .formatted(run("nproc").strip(), run("uname", "-r").strip(), Machine.describe());
    }

    @Override
    public void close() {
        Command.of(project.lab("vm"), "stop", folder.toString()).run();
    }

    @Override
    public String toString() {
        return "guest";
    }

    private String nodesScript() {
        try {
            return Files.readString(Path.of(project.lab("nodes")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
