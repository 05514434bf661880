package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.BpfObject;
import io.ipsecxdp.bpf.jna.Fd;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The program on frames that mutants.bpf.c makes of given ones, each anew and within the kernel. */
final class Mutants implements AutoCloseable {
    static final int FRAME_SIZE = 256;

    private static final int MOST_TEMPLATES = 128;

    private final SteerProgram program;
    private final BpfObject object;

    /** How many frames ended how. */
    record Result(long passed, long redirected, long unexpected, long changed) {}

    Mutants() {
        this.object = BpfObject.open("mutants", Compiled.test("mutants"));
        this.program = SteerProgram.load(
                object,
                new Capabilities(true, true, true, true),
                AttachedMode.GENERIC,
                PinnedMaps.none(),
                name -> Optional.empty());
    }

    SteerProgram program() {
        return program;
    }

    /** @param frames at most 128 */
    Result run(List<byte[]> frames, int count) {
        if (frames.size() > MOST_TEMPLATES) {
            throw new IllegalArgumentException(frames.size() + " frames are too many");
        }
        for (int i = 0; i < frames.size(); i++) {
            Bpf.update(object.map("templates"), i, Arrays.copyOf(frames.get(i), FRAME_SIZE));
        }
        Bpf.update(object.map("template_count"), 0, SteerMaps.int32(frames.size()));
        Fd mutate = object.program("mutate");
        Bpf.testRun(mutate, new byte[FRAME_SIZE], FRAME_SIZE, count);
        var tally = ByteBuffer.wrap(
                        Bpf.lookup(object.map("tally"), 0, 4 * Long.BYTES).orElseThrow())
                .order(ByteOrder.nativeOrder());
        return new Result(tally.getLong(), tally.getLong(), tally.getLong(), tally.getLong());
    }

    @Override
    public void close() {
        program.close();
    }
}
