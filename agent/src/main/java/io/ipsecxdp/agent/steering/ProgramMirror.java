package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.bpf.Capabilities;
import io.ipsecxdp.bpf.KnownSa;
import io.ipsecxdp.bpf.SadMirror;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Tells the XDP program of the SAs of the node, as far as the kernel does not let it ask. For one thread. */
final class ProgramMirror implements AutoCloseable {

    /** @param sas what the mirror was brought to; empty if that is not known */
    private record Open(SadMirror mirror, Optional<Set<KnownSa>> sas) {}

    private final Supplier<SadMirror> opens;
    private Optional<Open> open = Optional.empty();

    ProgramMirror(Supplier<SadMirror> opens) {
        this.opens = opens;
    }

    void bringTo(Desired desired, Observed observed, Capabilities kernel) {
        if (!MirroredSas.isNeeded(kernel)) {
            return;
        }
        Open before = open.orElseGet(() -> new Open(opens.get(), Optional.empty()));
        open = Optional.of(before);
        Set<KnownSa> sas = MirroredSas.of(desired, observed, kernel);
        if (before.sas().isEmpty()) {
            before.mirror().replace(sas);
        } else {
            MirroredSas.Difference difference =
                    MirroredSas.difference(before.sas().get(), sas);
            before.mirror().change(difference.added(), difference.removed());
        }
        open = Optional.of(new Open(before.mirror(), Optional.of(sas)));
    }

    /** Leaves the map as it is. */
    @Override
    public void close() {
        open.ifPresent(mirror -> mirror.mirror().close());
        open = Optional.empty();
    }
}
