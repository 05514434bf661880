package io.ipsecxdp.e2e;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * What became of the packets of a chaos.
 *
 * @param sent packets that were sent, and are to be echoed
 * @param esp packets in which they were, there and back
 * @param repeated of these, how many had a nonce that was used before
 * @param unseen packets that the capture missed
 * @param untouched what is not ours is as it was
 */
record ChaosVerdict(
        long sent, long lost, long twice, long esp, long repeated, long clear, long unseen, boolean untouched) {

    static ChaosVerdict of(List<Flow.Report> flows, List<WatchedWire.Report> wires, boolean untouched) {
        return new ChaosVerdict(
                sum(flows, Flow.Report::sent),
                sum(flows, Flow.Report::lost),
                sum(flows, Flow.Report::duplicates),
                sum(wires, WatchedWire.Report::esp),
                sum(wires, WatchedWire.Report::repeated),
                sum(wires, WatchedWire.Report::clear),
                sum(wires, WatchedWire.Report::unseen),
                untouched);
    }

    boolean isWell() {
        return lost == 0 && twice == 0 && clear == 0 && repeated == 0 && untouched && sent > 0 && esp >= 2 * sent;
    }

    @Override
    public String toString() {
        return ("%d packets sent and echoed, %d lost, %d twice; of %d ESP packets %d with a nonce used before, %d packets in the "
                        + "clear, %d that the capture missed; what is not ours was %s")
                .formatted(sent, lost, twice, esp, repeated, clear, unseen, untouched ? "untouched" : "TOUCHED");
    }

    private static <T> long sum(List<T> reports, ToLongFunction<T> count) {
        return reports.stream().mapToLong(count).sum();
    }
}
