package io.ipsecxdp.operator.compile;

import java.util.List;
import java.util.Optional;
import java.util.SortedSet;

/**
 * What compile made of one object.
 *
 * @param ends the addresses in force or planned; empty for a SteeringPolicy, or when they could not be resolved
 * @param nodes the nodes that it is for
 * @param findings what stands in its way; empty if it is planned as declared, or will be
 * @param waits nodes that do not have it as declared yet, because others come first
 */
public record Verdict(Optional<EndAddresses> ends, SortedSet<String> nodes, List<Finding> findings, List<Wait> waits) {
    public Verdict {
        findings = List.copyOf(findings);
        waits = List.copyOf(waits);
    }

    Verdict(Optional<EndAddresses> ends, SortedSet<String> nodes, List<Finding> findings) {
        this(ends, nodes, findings, List.of());
    }
}
