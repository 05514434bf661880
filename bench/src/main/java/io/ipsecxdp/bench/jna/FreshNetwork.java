package io.ipsecxdp.bench.jna;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs something in a network namespace that is made for it and ends with it: with an SAD as after a boot. */
public final class FreshNetwork {

    private static final int CLONE_NEWNET = 0x40000000;

    private static final class LibC {
        static {
            Native.register(LibC.class, NativeLibrary.getProcess());
        }

        static native int unshare(int flags);
    }

    private FreshNetwork() {}

    /** Sockets and processes that {@code work} makes on its own thread are in the namespace too. */
    public static <T> T run(Callable<T> work) {
        var task = new FutureTask<T>(() -> {
            if (LibC.unshare(CLONE_NEWNET) != 0) {
                throw new IllegalStateException("unshare failed with errno " + Native.getLastError());
            }
            return work.call();
        });
        Thread.ofPlatform().start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
