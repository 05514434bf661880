package io.ipsecxdp.agent.steering;

import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.plan.SteeringStanding;
import io.ipsecxdp.crds.PlannedSteering;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** An interface that must be steered. */
record DesiredSteering(String interfaceName, PlannedSteering planned, String slice) {

    SteeringStanding.Key key() {
        return new SteeringStanding.Key(planned.uid(), interfaceName);
    }

    static List<DesiredSteering> of(Collection<Slice> slices) {
        return slices.stream()
                .sorted(Comparator.comparing(Slice::name))
                .flatMap(slice -> slice.spec().steering().stream()
                        .flatMap(planned -> planned.interfaces().stream()
                                .map(name -> new DesiredSteering(name, planned, slice.name()))))
                .toList();
    }
}
