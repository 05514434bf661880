package io.ipsecxdp.charts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** An API server and its etcd as processes of this machine, which can be put back to what etcd knew before. */
final class ServerProcesses implements AutoCloseable {
    private static final List<String> ETCD_FOLDERS = List.of("-data-dir", "-wal-dir");

    private final Path folder;
    private Running etcd;
    private Running server;
    private int restored;

    private record Running(ProcessHandle process, List<String> command) {
        static Running of(ProcessHandle process) {
            var info = process.info();
            return new Running(
                    process,
                    Stream.concat(
                                    info.command().stream(),
                                    Arrays.stream(info.arguments().orElseThrow()))
                            .toList());
        }

        String argument(String name) {
            return command.get(command.indexOf(name) + 1);
        }

        void end() {
            process.destroyForcibly();
            process.onExit().join();
        }
    }

    private ServerProcesses(Path folder, Running etcd, Running server) {
        this.folder = folder;
        this.etcd = etcd;
        this.server = server;
    }

    /**
     * Those that this process started.
     *
     * @param port of the API server
     * @param folder for copies and logs
     */
    static ServerProcesses find(int port, Path folder) {
        var server = child("/kube-apiserver", "--secure-port", Integer.toString(port));
        return new ServerProcesses(
                folder, child("/etcd", "--listen-client-urls", server.argument("--etcd-servers")), server);
    }

    /** Copies what etcd knows at this moment. */
    void backUp() {
        signal("STOP");
        try {
            ETCD_FOLDERS.forEach(name -> copy(Path.of(etcd.argument(name)), folder.resolve("backup" + name)));
        } finally {
            signal("CONT");
        }
    }

    /** Starts both again, with a copy of the backup in the place of what etcd knows. */
    void restore() {
        server.end();
        etcd.end();
        restored++;
        var command = List.copyOf(etcd.command());
        for (String name : ETCD_FOLDERS) {
            String before = etcd.argument(name);
            Path now = folder.resolve("restored-%d%s".formatted(restored, name));
            copy(folder.resolve("backup" + name), now);
            command = command.stream()
                    .map(word -> word.equals(before) ? now.toString() : word)
                    .toList();
        }
        etcd = start("etcd", command);
        server = start("kube-apiserver", server.command());
    }

    @Override
    public void close() {
        server.end();
        etcd.end();
    }

    private Running start(String name, List<String> command) {
        try {
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("%s-%d.log".formatted(name, restored))
                            .toFile())
                    .start();
            return new Running(process.toHandle(), command);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void signal(String name) {
        run("kill", "-" + name, Long.toString(etcd.process().pid()));
    }

    private static void copy(Path from, Path to) {
        run("rm", "-rf", to.toString());
        run("cp", "-a", from.toString(), to.toString());
    }

    private static void run(String... command) {
        try {
            int exitCode = new ProcessBuilder(command).inheritIO().start().waitFor();
            if (exitCode != 0) {
                throw new IllegalStateException("%s ended with %d".formatted(List.of(command), exitCode));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Running child(String program, String argument, String value) {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().command().orElse("").endsWith(program))
                .map(Running::of)
                .filter(child -> child.command().contains(argument)
                        && child.argument(argument).equals(value))
                .findFirst()
                .orElseThrow();
    }
}
