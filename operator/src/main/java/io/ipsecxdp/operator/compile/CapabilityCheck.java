package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.IpsecProtocol;
import io.ipsecxdp.crds.NodeCapabilities;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What an SA needs of the kernels at its ends. An SA that one end cannot have is planned at neither: what the other one
 * sent would be lost. A node that says nothing is not judged, nor one without ESP, of which its agent tells.
 */
final class CapabilityCheck {
    private CapabilityCheck() {}

    static List<Finding> lacking(
            SecurityAssociationSpec spec, Protection protection, Function<String, AgentFacts> facts) {
        var findings = new ArrayList<Finding>();
        Stream.of(spec.source(), spec.destination())
                .flatMap(end -> end.nodeName().stream())
                .forEach(node -> facts.apply(node)
                        .capabilities()
                        .ifPresent(kernel -> lacking(spec, protection, kernel)
                                .forEach(what -> findings.add(Finding.of(
                                        Reason.Unsupported,
                                        "the kernel of node %s has no %s: declare the SA without it, or run a kernel there that has it"
                                                .formatted(node, what))))));
        return findings;
    }

    private static List<String> lacking(SecurityAssociationSpec spec, Protection protection, NodeCapabilities kernel) {
        var lacking = new ArrayList<String>();
        boolean ah = spec.terms().ipsecProtocol() == IpsecProtocol.AH;
        if (ah && !kernel.knowsAh().orElse(true)) {
            lacking.add("AH");
        }
        if (spec.terms().mode() == SaMode.BEET && !kernel.knowsBeet().orElse(true)) {
            lacking.add("mode BEET");
        }
        if (ah || kernel.esp()) {
            protection
                    .encryption()
                    .filter(algorithm -> !kernel.algorithms().isEmpty()
                            && !kernel.algorithms().contains(algorithm))
                    .ifPresent(algorithm -> lacking.add("%s (%s)".formatted(algorithm, algorithm.kernelName())));
            protection
                    .integrityAlgorithm()
                    .filter(algorithm -> kernel.knownIntegrityAlgorithms()
                            .filter(known -> !known.isEmpty() && !known.contains(algorithm))
                            .isPresent())
                    .ifPresent(algorithm -> lacking.add("%s (%s)".formatted(algorithm, algorithm.kernelName())));
        }
        return lacking;
    }
}
