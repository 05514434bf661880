package io.ipsecxdp.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.IntByReference;
import java.io.IOException;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A network namespace without a name, which lives as long as the one thread that is in it. Sockets and processes that
 * this thread makes belong to it.
 */
public final class NetworkNamespace implements AutoCloseable {

    private static final int CLONE_NEWNET = 0x40000000;

    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int IPPROTO_UDP = 17;

    /** {@code UDP_ENCAP} and {@code UDP_ENCAP_ESPINUDP} of linux/udp.h. */
    private static final int UDP_ENCAP = 100;

    private static final int UDP_ENCAP_ESPINUDP = 2;

    private static final class LibC {
        static {
            Native.register(LibC.class, NativeLibrary.getProcess());
        }

        static native int unshare(int flags);

        static native int gettid();

        static native int socket(int family, int type, int protocol);

        static native int bind(int fd, byte[] address, int length);

        static native int setsockopt(int fd, int level, int option, IntByReference value, int length);

        static native int close(int fd);
    }

    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
    private final int threadId;

    private NetworkNamespace() {
        threadId = call(() -> {
            if (LibC.unshare(CLONE_NEWNET) != 0) {
                throw new SystemCallException("unshare", Native.getLastError());
            }
            return LibC.gettid();
        });
        run("ip link set lo up");
    }

    public static NetworkNamespace create() {
        return new NetworkNamespace();
    }

    /** Where {@code ip link set ... netns PATH} finds it. */
    public String path() {
        return "/proc/%d/task/%d/ns/net".formatted(ProcessHandle.current().pid(), threadId);
    }

    public <T> T call(Callable<T> work) {
        try {
            return thread.submit(work).get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException unchecked -> throw unchecked;
                case Error error -> throw error;
                case Throwable checked -> throw new IllegalStateException(checked);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs a command whose words are separated by single spaces, and gives its output, errors included. */
    public String run(String command) {
        return run(List.of(command.split(" ")));
    }

    public String run(List<String> command) {
        Output output = attempt(command);
        if (output.exitCode() != 0) {
            throw new IllegalStateException("%s gave %d: %s".formatted(command, output.exitCode(), output.text()));
        }
        return output.text();
    }

    /** Several commands of ip(8), without its name, in one process: that is much faster. */
    public void ip(String... commands) {
        Output output = attempt(List.of("ip", "-batch", "-"), String.join("\n", commands) + "\n");
        if (output.exitCode() != 0) {
            // The commands themselves may have keys in them
            throw new IllegalStateException(
                    "ip said of one of %d commands: %s".formatted(commands.length, output.text()));
        }
    }

    /** A socket that takes ESP in UDP (RFC 3948) on a port of IPv4, as an IKE daemon has it, until it is closed. */
    public AutoCloseable espInUdp(int port) {
        return call(() -> {
            int fd = checked("socket", LibC.socket(AF_INET, SOCK_DGRAM, 0));
            byte[] any = new byte[16];
            ByteBuffer.wrap(any).order(ByteOrder.nativeOrder()).putShort((short) AF_INET);
            ByteBuffer.wrap(any).putShort(2, (short) port);
            checked("bind", LibC.bind(fd, any, any.length));
            IntByReference espInUdp = new IntByReference(UDP_ENCAP_ESPINUDP);
            checked("setsockopt", LibC.setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, espInUdp, Integer.BYTES));
            return () -> LibC.close(fd);
        });
    }

    private static int checked(String call, int result) {
        if (result < 0) {
            throw new SystemCallException(call, Native.getLastError());
        }
        return result;
    }

    /** As {@link #run}, whatever the exit code. */
    public Output attempt(List<String> command) {
        return attempt(command, "");
    }

    private Output attempt(List<String> command, String input) {
        return call(() -> {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try (Writer writer = process.outputWriter()) {
                writer.write(input);
            }
            String text = new String(process.getInputStream().readAllBytes());
            return new Output(process.waitFor(), text);
        });
    }

    /** What a command said. */
    public record Output(int exitCode, String text) {}

    @Override
    public void close() {
        thread.shutdownNow();
        thread.close();
    }

    /** Writes a sysctl of this namespace, such as {@code net/core/xfrm_acq_expires}. */
    public void sysctl(String name, String value) {
        call(() -> {
            try {
                return Files.writeString(Path.of("/proc/sys", name), value);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
