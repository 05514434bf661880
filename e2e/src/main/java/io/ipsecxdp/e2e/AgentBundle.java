package io.ipsecxdp.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;

/**
 * What agents run from, in a folder and in a disk image with the same files: the agent, a Java runtime, the traffic
 * program, and an AOT cache (JEP 483), with which a JVM starts several times faster: in a guest without hardware
 * virtualisation that is the difference between seconds and half a minute. The cache is made by a training run on this
 * machine, once for each build of the agent.
 *
 * @param folder jre, agent, jvm.options, traffic, and agent.aot where the JDK can make it
 * @param image the same as an ext4 file system
 */
public record AgentBundle(Path folder, Path image) {
    private static final String MODULES =
            "java.se,jdk.unsupported,jdk.crypto.ec,jdk.zipfs,jdk.management,jdk.net,jdk.jfr";
    private static final String CACHE = "agent.aot";
    private static final int FIRST_JDK_WITH_AOT_CACHE = 25;
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration REPORTS = Duration.ofSeconds(3);

    /** The bundle of what is built now; made if that was not done before. */
    public static AgentBundle of(Project project) {
        Path all = project.target().resolve("agents");
        Path folder = all.resolve(fingerprint(project));
        var bundle = new AgentBundle(folder, all.resolve(folder.getFileName() + ".img"));
        if (!Files.exists(bundle.image())) {
            script("rm -rf \"$1\"", all);
            bundle.make(project);
        }
        return bundle;
    }

    /**
     * The payload where the folder is mounted or is. The cache is mapped where it was made for, as moving it elsewhere writes to
     * most of its pages (cds/archiveUtils.hpp, ArchiveRelocationMode): 0.3 s of a CPU and 24 MiB at each start.
     */
    public Payload at(String path) {
        List<String> options = Files.exists(folder.resolve(CACHE))
                ? List.of(
                        "-XX:+UnlockDiagnosticVMOptions",
                        "-XX:ArchiveRelocationMode=0",
                        "-XX:AOTCache=" + path + "/" + CACHE)
                : List.of();
        return new Payload(path, options);
    }

    private void make(Project project) {
        script(
                """
                mkdir -p "$1"
                cp -a "$2" "$1/agent"
                cp -a "$3" "$1/traffic"
                cp -a "$5" "$1/jvm.options"
                "$4/bin/jlink" --add-modules %s --strip-debug --no-header-files --no-man-pages --output "$1/jre"
                """.formatted(MODULES),
                folder,
                project.agentApp(),
                project.traffic(),
                Path.of(System.getProperty("java.home")),
                project.agentOptions());
        if (Runtime.version().feature() >= FIRST_JDK_WITH_AOT_CACHE) {
            train(project);
        }
        Path unfinished = image.resolveSibling(image.getFileName() + ".new");
        script("""
                megabytes=$(($(du -sm "$1" | cut -f1) * 5 / 4 + 32))
                PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -q -E lazy_itable_init=0 -O ^has_journal -m 0 -d "$1" "$2" "${megabytes}M"
                """, folder, unfinished);
        try {
            Files.move(unfinished, image, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An agent runs for a moment, on this machine and against an API server, and its JVM remembers what it loaded. */
    private void train(Project project) {
        Path work = folder.resolveSibling("training");
        var payload = new Payload(
                folder.toString(), List.of("-XX:AOTCacheOutput=" + folder.resolve(CACHE), "-Xlog:aot=error,cds=error"));
        try (var cleanup = new Cleanup()) {
            var daemons = cleanup.add(new Daemons(work));
            var api = cleanup.add(ApiServer.start(project, work.resolve("api")));
            var client = cleanup.add(api.adminClient());
            var host = cleanup.add(new Host(project, payload, api.port()));
            Kubectl.admin(project, api).installCrds();
            var installation = new Installation(project, client);
            installation.grantAccess();
            NodeFacts facts = host.makeNodes(List.of("train1", "train2")).getFirst();
            installation.register(facts);
            var agent = cleanup.add(AgentProcess.start(daemons, new Node(host, facts), api));
            agent.awaitReady();
            Await.pause(REPORTS);
            agent.terminate(PATIENCE);
        }
    }

    /** Of all that the bundle is made of. */
    private static String fingerprint(Project project) {
        return Command.of(
                        "bash",
                        "-euo",
                        "pipefail",
                        "-c",
                        "{ cd \"$1\" && find . -type f | sort | xargs -d '\\n' sha256sum; cd / && sha256sum \"$2\" \"$3/release\" \"$4\" \"$5\"; } | sha256sum | cut -c1-16",
                        "fingerprint",
                        project.agentApp().toString(),
                        project.traffic().toString(),
                        System.getProperty("java.home"),
                        project.target()
                                .resolve("classes/io/ipsecxdp/e2e/AgentBundle.class")
                                .toString(),
                        project.agentOptions().toString())
                .output()
                .strip();
    }

    private static void script(String text, Path... arguments) {
        var words = new java.util.ArrayList<>(List.of("bash", "-euo", "pipefail", "-c", text, "bundle"));
        for (Path argument : arguments) {
            words.add(argument.toString());
        }
        Command.of(words).output();
    }
}
