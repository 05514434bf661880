package io.ipsecxdp.bpf;

import io.ipsecxdp.bpf.jna.Bpf;
import java.util.Optional;

/** The CPUs of this machine. */
final class Cpus {
    private Cpus() {}

    static Optional<AttachRefusal> refusal(SteeringConfig config) {
        int possible = Bpf.possibleCpus();
        int last = config.cpus().last();
        return last < possible
                ? Optional.empty()
                : Optional.of(new AttachRefusal(
                        AttachRefusal.Reason.NO_SUCH_CPU,
                        "CPU " + last + " does not exist on this node, which has CPUs 0 to " + (possible - 1)));
    }
}
