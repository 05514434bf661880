package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.toCollection;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.CpuAssignment;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.Encryption;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.End;
import io.ipsecxdp.crds.FixedCpu;
import io.ipsecxdp.crds.Integrity;
import io.ipsecxdp.crds.IpsecProtocol;
import io.ipsecxdp.crds.OverlayProtocol;
import io.ipsecxdp.crds.PortRange;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.Selector;
import io.ipsecxdp.crds.SteeringPolicySpec;
import io.ipsecxdp.crds.TunnelSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What one object alone shows to be wrong, as far as compile reads or decides by it: names, addresses, prefixes, lists and
 * algorithms that it takes apart, and ranges that other objects or the safety of a key depend on.
 *
 * <p>The CRDs' CEL rules refuse all of this at {@code kubectl apply}, so it stands twice. It must: a rule is asked when an
 * object is written, and compile sees also what was stored before the rule came, or under CRDs that are older than this
 * operator, as Helm upgrades none. Such an object must not be planned, nor stop the others. Numbers that are only handed on
 * are left to the rules and to the agent, which reports an entry that no kernel takes as {@link Reason#Invalid}.
 */
final class Validity {
    private static final int HIGHEST_PORT = 65535;
    private static final int MOST_SAS_PER_CPU = 64;
    private static final long SHORTEST_REKEY = 120;
    private static final long LONGEST_REKEY = 168 * 3600;
    private static final long LEAST_VOLUME = 64L << 20;
    private static final long MOST_VOLUME = 896L << 30;
    private static final Pattern INTERFACE = Pattern.compile("[^/:\\s]{1,15}");

    private final List<String> complaints = new ArrayList<>();

    private Validity() {}

    static List<Finding> of(SecurityAssociationSpec spec) {
        var validity = new Validity();
        validity.saEnd("spec.source", spec.source());
        validity.saEnd("spec.destination", spec.destination());
        validity.ends(spec.source(), spec.destination());
        validity.within("spec.reqid", spec.terms().reqid(), Api.FIRST_REQID, Api.LAST_DECLARED_REQID);
        validity.algorithms(spec);
        validity.saSelector(spec);
        return validity.findings();
    }

    static List<Finding> of(SecurityPolicySpec spec) {
        var validity = new Validity();
        validity.end("spec.source", spec.source());
        validity.end("spec.destination", spec.destination());
        validity.ends(spec.source(), spec.destination());
        validity.within("spec.reqid", spec.reqid(), Api.FIRST_REQID, Api.LAST_DECLARED_REQID);
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
        validity.fixed(spec);
        spec.selector().ifPresent(selector -> validity.nodeSelector("spec.nodeSelector", selector));
        return validity.findings();
    }

    static List<Finding> of(TunnelSpec spec) {
        var validity = new Validity();
        validity.within("the number of spec.ends", spec.ends().size(), 1, 2);
        for (int i = 0; i < spec.ends().size(); i++) {
            validity.nodeSelector(
                    "spec.ends[%d].nodeSelector".formatted(i),
                    spec.ends().get(i).nodeSelector());
        }
        validity.traffic(spec);
        var algorithm = EncryptionAlgorithm.named(spec.encryption().algorithm())
                .filter(any -> any.kind() == EncryptionAlgorithm.Kind.AEAD);
        validity.require(
                algorithm.isPresent(),
                "spec.encryption.algorithm must be an AEAD that is offered, such as ENCR_AES_GCM_16");
        algorithm.ifPresent(any -> validity.require(
                any.keyBits().contains(spec.encryption().keyBits()),
                "spec.encryption.keyBits must be one of %s for %s".formatted(new TreeSet<>(any.keyBits()), any)));
        validity.within("spec.perCpu.max", spec.perCpu().max(), 1, MOST_SAS_PER_CPU);
        long interval = spec.rekey().intervalSeconds().orElse(0);
        validity.require(
                interval >= SHORTEST_REKEY && interval <= LONGEST_REKEY,
                "spec.rekey.interval must be 2m to 168h: until all nodes have new keys takes up to a minute");
        long volume = spec.rekey().volumeBytes().orElse(0);
        validity.require(
                volume >= LEAST_VOLUME && volume <= MOST_VOLUME,
                "spec.rekey.volume must be 64Mi to 896Gi: more is not safe with one key (draft-irtf-cfrg-aead-limits)");
        return validity.findings();
    }

    private void traffic(TunnelSpec spec) {
        var traffic = spec.traffic();
        long given = Stream.of(
                        Optional.ofNullable(traffic.pods()),
                        traffic.encapsulated(),
                        Optional.ofNullable(traffic.selectors()))
                .filter(Optional::isPresent)
                .count();
        require(given == 1, "spec.traffic needs exactly one of pods, overlay and selectors");
        traffic.encapsulated().ifPresent(overlay -> {
            require(
                    (overlay.protocol() == OverlayProtocol.UDP)
                            == overlay.destinationPort().isPresent(),
                    "spec.traffic.overlay.port goes with protocol UDP, and only with it");
            overlay.destinationPort().ifPresent(port -> within("spec.traffic.overlay.port", port, 1, HIGHEST_PORT));
        });
        require(
                traffic.selected().isEmpty() || spec.ends().size() == 2,
                "spec.traffic.selectors needs two ends: one has source behind it, the other destination");
        traffic.selected().forEach(selector -> {
            var source = prefix("spec.traffic.selectors.source", Optional.of(selector.source()));
            var destination = prefix("spec.traffic.selectors.destination", Optional.of(selector.destination()));
            require(
                    source.isEmpty()
                            || destination.isEmpty()
                            || source.get().family() == destination.get().family(),
                    "spec.traffic.selectors: source and destination must be of the same family");
        });
    }

    private static boolean isInterface(String name) {
        return name.equals(SteeringPolicySpec.DEFAULT_ROUTE)
                || INTERFACE.matcher(name).matches() && !Set.of(".", "..").contains(name);
    }

    private void saEnd(String field, SaEnd end) {
        end(field, end);
        end.ownerCpu()
                .ifPresent(cpu ->
                        require(end.nodeName().isPresent(), field + ".cpu needs a node: name it, or remove cpu"));
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
                selector.upperProtocol().isPresent(),
                "spec.selector.protocol must be the name of a protocol, or its number, 0 to 255");
        selector.upperProtocol().ifPresent(protocol -> {
            require(
                    selector.fromPorts().isEmpty() && selector.toPorts().isEmpty() || protocol.hasPorts(),
                    "spec.selector's ports need protocol TCP, UDP, SCTP, DCCP or UDPLite");
            require(
                    selector.typeOfIcmp().isEmpty() || protocol.hasIcmpType(),
                    "spec.selector.icmpType needs protocol ICMP or ICMPv6");
        });
        selector.fromPorts().ifPresent(ports -> ports("spec.selector.sourcePort", ports));
        selector.toPorts().ifPresent(ports -> ports("spec.selector.destinationPort", ports));
        selector.codeOfIcmp()
                .ifPresent(code -> require(selector.typeOfIcmp().isPresent(), "spec.selector.icmpCode needs icmpType"));
    }

    private void ports(String field, String ports) {
        try {
            require(
                    PortRange.parse(ports).filter(range -> range.last() > 0).isPresent(),
                    field + " must be 1 to 65535, or a range such as 8000-8063");
        } catch (IllegalArgumentException e) {
            complaints.add(field + ": " + e.getMessage());
        }
    }

    private void algorithms(SecurityAssociationSpec spec) {
        boolean esp = spec.terms().ipsecProtocol() == IpsecProtocol.ESP;
        var algorithm = spec.encrypted().flatMap(Encryption::transform);
        require(
                !esp || algorithm.isPresent(),
                "spec.encryption needs an algorithm that is offered, such as ENCR_AES_GCM_16");
        require(esp || spec.encrypted().isEmpty(), "spec.encryption is for ESP: AH encrypts nothing");
        require(
                spec.authenticated().isEmpty()
                        || spec.authenticated().flatMap(Integrity::transform).isPresent(),
                "spec.integrity.algorithm must be one that is offered, such as AUTH_HMAC_SHA2_256_128");
        require(spec.key().isPresent(), "spec.encryption or, for AH, spec.integrity needs keySecretRef");
        boolean needed = !esp
                || algorithm
                        .filter(any -> any.kind() != EncryptionAlgorithm.Kind.AEAD)
                        .isPresent();
        require(
                needed == spec.authenticated().isPresent(),
                needed ? "spec.integrity is missing" : "spec.integrity does not go with an AEAD: remove it");
        algorithm.ifPresent(known -> spec.encrypted()
                .flatMap(Encryption::declaredKeyBits)
                .ifPresent(bits -> require(
                        known.keyBits().contains(bits),
                        "spec.encryption.keyBits must be %s".formatted(String.join(" or ", texts(known.keyBits()))))));
    }

    private static List<String> texts(Set<Integer> numbers) {
        return numbers.stream().sorted().map(Object::toString).toList();
    }

    private void saSelector(SecurityAssociationSpec spec) {
        spec.selected().ifPresent(selector -> {
            selector(selector);
            require(
                    selector.sourcePrefix().isPresent()
                            && selector.destinationPrefix().isPresent(),
                    "spec.selector of an SA needs source and destination");
        });
        require(
                spec.terms().mode() != SaMode.BEET
                        || spec.selected().filter(Validity::ofTwoHosts).isPresent(),
                "spec.mode BEET needs spec.selector with the two inner addresses");
    }

    private static boolean ofTwoHosts(Selector selector) {
        return Stream.of(selector.sourcePrefix(), selector.destinationPrefix())
                .allMatch(text -> text.flatMap(IpPrefix::parse)
                        .filter(prefix -> prefix.length() == prefix.family().bits())
                        .isPresent());
    }

    private Optional<IpPrefix> prefix(String field, Optional<String> text) {
        var prefix = text.flatMap(IpPrefix::parse);
        require(
                text.isEmpty() || prefix.isPresent(),
                field + " must be a prefix without bits behind its length, for instance 10.20.1.0/24 or fd20:1::/64");
        return prefix;
    }

    private void fixed(SteeringPolicySpec spec) {
        require(
                (spec.assignment() == CpuAssignment.Fixed) == !spec.fixedCpus().isEmpty(),
                "spec.fixed and assignment: Fixed go together: set both, or neither");
        require(
                spec.fixedCpus().stream().map(FixedCpu::spi).distinct().count()
                        == spec.fixedCpus().size(),
                "spec.fixed has an spi twice: remove one of the two");
    }

    private void cpus(String field, String list) {
        try {
            require(!CpuList.parse(list).cpus().isEmpty(), field + " is empty: name CPUs, or leave it out");
        } catch (IllegalArgumentException e) {
            complaints.add(field + ": " + e.getMessage());
        }
    }

    private void nodeSelector(String field, LabelSelector selector) {
        var unknown = selector.getMatchExpressions().stream()
                .map(LabelSelectorRequirement::getOperator)
                .filter(operator -> !NodeSelector.OPERATORS.contains(operator))
                .collect(toCollection(TreeSet::new));
        require(
                unknown.isEmpty(),
                "%s has the operator %s: write one of %s"
                        .formatted(field, String.join(", ", unknown), String.join(", ", NodeSelector.OPERATORS)));
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
