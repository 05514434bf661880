package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Sys;
import io.ipsecxdp.linux.NetDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of the test's own, and a thread that lives in it. */
final class Namespace implements AutoCloseable {
    private static final AtomicInteger MADE = new AtomicInteger();

    private final String name = "bpf-" + ProcessHandle.current().pid() + "-" + MADE.incrementAndGet();
    private final ExecutorService inside =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().name(name).factory());

    private Namespace() {}

    static Namespace make() {
        var namespace = new Namespace();
        Shell.run("ip", "netns", "add", namespace.name);
        namespace.run(() -> Sys.enterNamespace(namespace.name));
        // Before the first larval SA, which takes its lifetime from here
        namespace.sysctl("net/core/xfrm_acq_expires", "3600");
        namespace.ip("link", "set", "lo", "up");
        return namespace;
    }

    String name() {
        return name;
    }

    void ip(String... arguments) {
        var command = new String[arguments.length + 3];
        command[0] = "ip";
        command[1] = "-n";
        command[2] = name;
        System.arraycopy(arguments, 0, command, 3, arguments.length);
        Shell.run(command);
    }

    /** A veth pair: one end here, the other in {@code peer}; both up, no IPv6 chatter. */
    void veth(String here, Namespace peer, String there) {
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", peer.name);
        sysctl("net/ipv6/conf/" + here + "/disable_ipv6", "1");
        peer.sysctl("net/ipv6/conf/" + there + "/disable_ipv6", "1");
        ip("link", "set", here, "up");
        peer.ip("link", "set", there, "up");
    }

    NetDevice device(String ifname) {
        return call(() -> NetDevice.find(ifname).orElseThrow());
    }

    void sysctl(String key, String value) {
        run(() -> {
            try {
                Files.writeString(Path.of("/proc/sys", key), value);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    void run(Runnable task) {
        call(() -> {
            task.run();
            return null;
        });
    }

    <T> T call(Callable<T> task) {
        return result(submit(task));
    }

    <T> Future<T> submit(Callable<T> task) {
        return inside.submit(task);
    }

    static <T> T result(Future<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        inside.shutdownNow();
        Shell.run("ip", "netns", "del", name);
    }
}
