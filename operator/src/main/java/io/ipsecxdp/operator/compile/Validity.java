package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.toCollection;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.End;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.Selector;
import io.ipsecxdp.crds.SteeringPolicySpec;
import io.ipsecxdp.crds.UpperProtocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What one object alone shows to be wrong. The CRDs' CEL rules refuse it at {@code kubectl apply}; what an older CRD or
 * an API server without CEL let in must not be planned, nor stop the others.
 */
final class Validity {
    private static final long LOWEST_SPI = 256;
    private static final long HIGHEST_SPI = 0xffff_ffffL;
    private static final int HIGHEST_CPU = 65535;
    private static final int HIGHEST_PORT = 65535;
    private static final Pattern INTERFACE = Pattern.compile("[^/:\\s]{1,15}");

    private final List<String> complaints = new ArrayList<>();

    private Validity() {}

    static List<Finding> of(SecurityAssociationSpec spec) {
        var validity = new Validity();
        validity.saEnd("spec.source", spec.source());
        validity.saEnd("spec.destination", spec.destination());
        validity.ends(spec.source(), spec.destination());
        validity.within("spec.spi", spec.spi(), LOWEST_SPI, HIGHEST_SPI);
        validity.within("spec.reqid", spec.reqid(), Api.FIRST_REQID, Api.LAST_DECLARED_REQID);
        validity.within("spec.replayWindow", spec.replayWindow(), 32, 4096);
        validity.require(
                Set.of(128, 192, 256).contains(spec.encryption().keyBits()),
                "spec.encryption.keyBits must be 128, 192 or 256");
        return validity.findings();
    }

    static List<Finding> of(SecurityPolicySpec spec) {
        var validity = new Validity();
        validity.end("spec.source", spec.source());
        validity.end("spec.destination", spec.destination());
        validity.ends(spec.source(), spec.destination());
        validity.within("spec.reqid", spec.reqid(), Api.FIRST_REQID, Api.LAST_DECLARED_REQID);
        validity.within("spec.priority", spec.priority(), 1, 65535);
        validity.selector(spec.selector());
        return validity.findings();
    }

    static List<Finding> of(SteeringPolicySpec spec) {
        var validity = new Validity();
        validity.require(!spec.interfaces().isEmpty(), "spec.interfaces needs the name of an interface");
        validity.require(
                spec.interfaces().stream().allMatch(Validity::isInterface),
                "spec.interfaces: a name has 1 to 15 characters without '/', ':' or white space");
        spec.cpuList().ifPresent(list -> validity.cpus("spec.cpus", list));
        spec.excludedCpuList().ifPresent(list -> validity.cpus("spec.excludedCpus", list));
        validity.within("spec.priority", spec.priority(), 1, 65535);
        validity.within("spec.queueSize", spec.queueSize(), 64, 16384);
        spec.selector().ifPresent(validity::nodeSelector);
        return validity.findings();
    }

    private static boolean isInterface(String name) {
        return name.equals(SteeringPolicySpec.DEFAULT_ROUTE)
                || INTERFACE.matcher(name).matches() && !Set.of(".", "..").contains(name);
    }

    private void saEnd(String field, SaEnd end) {
        end(field, end);
        end.ownerCpu().ifPresent(cpu -> {
            require(end.nodeName().isPresent(), field + ".cpu needs a node: name it, or remove cpu");
            within(field + ".cpu", cpu, 0, HIGHEST_CPU);
        });
    }

    private void end(String field, End end) {
        require(
                end.nodeName().isPresent() || end.addressText().isPresent(),
                field + " needs node (a cluster node) or address (a host outside the cluster)");
        end.addressText()
                .ifPresent(address ->
                        require(IpAddress.parse(address).isPresent(), field + ".address must be an IP address"));
    }

    private void ends(End source, End destination) {
        require(
                source.nodeName().isPresent() || destination.nodeName().isPresent(),
                "no end is a cluster node: name a node in spec.source or spec.destination");
        require(
                source.nodeName().isEmpty() || !source.nodeName().equals(destination.nodeName()),
                "spec.source and spec.destination are the same node: name two hosts");
    }

    private void selector(Selector selector) {
        var source = prefix("spec.selector.source", selector.sourcePrefix());
        var destination = prefix("spec.selector.destination", selector.destinationPrefix());
        require(
                source.isEmpty()
                        || destination.isEmpty()
                        || source.get().family() == destination.get().family(),
                "spec.selector.source and spec.selector.destination must be of the same family");
        require(
                selector.sourcePort() == null && selector.destinationPort() == null
                        || Set.of(UpperProtocol.TCP, UpperProtocol.UDP, UpperProtocol.SCTP)
                                .contains(selector.protocol()),
                "spec.selector's ports need protocol TCP, UDP or SCTP");
        Optional.ofNullable(selector.sourcePort())
                .ifPresent(port -> within("spec.selector.sourcePort", port, 1, HIGHEST_PORT));
        Optional.ofNullable(selector.destinationPort())
                .ifPresent(port -> within("spec.selector.destinationPort", port, 1, HIGHEST_PORT));
    }

    private Optional<Prefix> prefix(String field, Optional<String> text) {
        var prefix = text.flatMap(Prefix::parse);
        require(
                text.isEmpty() || prefix.isPresent(),
                field + " must be a prefix without bits behind its length, for instance 10.20.1.0/24 or fd20:1::/64");
        return prefix;
    }

    private void cpus(String field, String list) {
        try {
            require(!CpuList.parse(list).cpus().isEmpty(), field + " is empty: name CPUs, or leave it out");
        } catch (IllegalArgumentException e) {
            complaints.add(field + ": " + e.getMessage());
        }
    }

    private void nodeSelector(LabelSelector selector) {
        var unknown = selector.getMatchExpressions().stream()
                .map(LabelSelectorRequirement::getOperator)
                .filter(operator -> !NodeSelector.OPERATORS.contains(operator))
                .collect(toCollection(TreeSet::new));
        require(
                unknown.isEmpty(),
                "spec.nodeSelector has the operator %s: write one of %s"
                        .formatted(String.join(", ", unknown), String.join(", ", NodeSelector.OPERATORS)));
    }

    private void within(String field, long value, long least, long most) {
        require(value >= least && value <= most, "%s must be %d to %d".formatted(field, least, most));
    }

    private void require(boolean holds, String complaint) {
        if (!holds) {
            complaints.add(complaint);
        }
    }

    private List<Finding> findings() {
        return complaints.stream()
                .map(complaint -> Finding.of(Reason.Invalid, complaint))
                .toList();
    }
}
