package io.ipsecxdp.bpf.jna;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.ipsecxdp.linux.LibC;
import java.util.function.Supplier;

/** What libbpf would print to stderr, kept for the exception of the call that caused it. */
final class LibbpfLog {
    private static final int LIBBPF_WARN = 0;

    /** Empty outside of {@link #during}. */
    private static final ThreadLocal<StringBuilder> SAID = new ThreadLocal<>();

    /** libbpf has one print function per process and keeps the bare pointer, so the callback must never be collected. */
    static final Libbpf.PrintFunction CAPTURE = LibbpfLog::capture;

    private LibbpfLog() {}

    /** Runs a call; {@link #said} is then what it, and nothing before it, said on this thread. */
    static <T> T during(Supplier<T> call) {
        SAID.set(new StringBuilder());
        try {
            return call.get();
        } finally {
            SAID.remove();
        }
    }

    /** To be asked within {@link #during}. */
    static String said() {
        return SAID.get().toString().strip();
    }

    private static int capture(int level, Pointer format, Pointer vaList) {
        var said = SAID.get();
        if (level != LIBBPF_WARN || said == null) {
            return 0;
        }
        try (var result = new Memory(Native.POINTER_SIZE)) {
            int length = LibC.vasprintf(result, format, vaList);
            if (length >= 0) {
                var text = result.getPointer(0);
                said.append(text.getString(0));
                LibC.free(text);
            }
            return Math.max(length, 0);
        }
    }
}
