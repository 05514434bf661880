package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.toMap;

import io.ipsecxdp.crds.IpsecProtocol;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedPolicyBuilder;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.Selector;
import io.ipsecxdp.crds.TemplateLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What a policy asks of the nodes: out at its source, in and fwd at its destination. */
final class PolicyCompiler {
    private final Ends ends;
    private final InForce inForce;
    private final PolicyClaims claims;

    private PolicyCompiler(CompilerInput input) {
        this.ends = input.ends();
        this.inForce = input.inForce();
        this.claims = input.claims();
    }

    static DeclaredKind.Compiled compile(CompilerInput input, List<Declared<SecurityPolicySpec>> policies) {
        var stages = new PolicyStages(input);
        var specs = policies.stream().collect(toMap(Declared::key, Declared::spec));
        var compiler = new PolicyCompiler(input);
        var candidates = policies.stream().map(compiler::candidate).toList();
        var successors = candidates.stream()
                .flatMap(candidate -> candidate.wanted().stream())
                .toList();
        var settled = Arbiter.settle(candidates, stages.lingering(successors));
        var taken = settled.values().stream()
                .flatMap(policy -> policy.placed().stream())
                .toList();
        settled.replaceAll((key, policy) -> stages.stage(specs.get(key), policy));
        return new DeclaredKind.Compiled(settled, stages.lingering(taken));
    }

    private Candidate candidate(Declared<SecurityPolicySpec> policy) {
        var asked = asked(ends, policy);
        var findings = new ArrayList<>(asked.findings());
        claims.conflict(policy, asked.entries()).ifPresent(findings::add);
        return new Candidate(
                policy,
                Ends.nodesOf(policy.spec().source(), policy.spec().destination()),
                asked.addresses(),
                findings.isEmpty() ? asked.entries() : List.of(),
                inForce.of(policy),
                Set.of(),
                findings);
    }

    /** What a policy asks for, whether or not it gets it. */
    private record Asked(Optional<EndAddresses> addresses, List<Placed> entries, List<Finding> findings) {}

    private static Asked asked(Ends ends, Declared<SecurityPolicySpec> policy) {
        var spec = policy.spec();
        var findings = new ArrayList<>(Validity.of(spec));
        Optional<EndAddresses> resolved = Optional.empty();
        if (findings.isEmpty()) {
            var resolution = ends.resolve(spec.source(), spec.destination(), familyAskedFor(spec), List.of());
            resolved = resolution.addresses();
            findings.addAll(resolution.findings());
        }
        return new Asked(resolved, findings.isEmpty() ? entries(policy, resolved.orElseThrow()) : List.of(), findings);
    }

    /** The entries that a policy asks for, conflicts apart. */
    static List<Placed> entries(Ends ends, Declared<SecurityPolicySpec> policy) {
        return asked(ends, policy).entries();
    }

    /**
     * The family that the selector leaves to the ends: in transport mode the packets' addresses are the SA's, and a
     * selector with one prefix gets the other from an end. A tunnel may carry the other family.
     */
    static Optional<Family> familyAskedFor(SecurityPolicySpec spec) {
        var prefixes = prefixes(spec.selector());
        boolean matters = spec.mode() == SaMode.Transport || prefixes.size() == 1;
        return matters ? prefixes.stream().map(IpPrefix::family).findFirst() : Optional.empty();
    }

    private static List<IpPrefix> prefixes(Selector selector) {
        return Stream.of(selector.sourcePrefix(), selector.destinationPrefix())
                .flatMap(Optional::stream)
                .flatMap(text -> IpPrefix.parse(text).stream())
                .toList();
    }

    /** The addresses that the entries of a policy were planned with. */
    static List<EndAddresses> addresses(SecurityPolicySpec spec, List<Placed> entries) {
        var ofTemplates = AddressesInForce.of(entries);
        return ofTemplates.isEmpty() && prefixes(spec.selector()).isEmpty()
                ? entries.stream()
                        .flatMap(placed -> selectedHosts(placed).stream())
                        .distinct()
                        .toList()
                : ofTemplates;
    }

    /** A policy without a template tells its ends only by a selector for these two alone. */
    private static Optional<EndAddresses> selectedHosts(Placed placed) {
        return placed.entry() instanceof Entry.Policy(PlannedPolicy policy)
                ? host(policy.selectorSource())
                        .flatMap(source -> host(policy.selectorDestination())
                                .map(destination -> new EndAddresses(source, destination)))
                : Optional.empty();
    }

    private static Optional<IpAddress> host(String prefix) {
        return IpPrefix.parse(prefix)
                .map(IpPrefix::address)
                .filter(address -> IpPrefix.of(address).toString().equals(prefix));
    }

    private static List<Placed> entries(Declared<SecurityPolicySpec> policy, EndAddresses ends) {
        var entries = new ArrayList<Placed>();
        policy.spec()
                .source()
                .nodeName()
                .ifPresent(node -> entries.add(entry(policy, ends, node, PolicyDirection.Out)));
        policy.spec().destination().nodeName().ifPresent(node -> {
            entries.add(entry(policy, ends, node, PolicyDirection.In));
            if (policy.spec().forward()) {
                entries.add(entry(policy, ends, node, PolicyDirection.Forward));
            }
        });
        return entries;
    }

    private static Placed entry(
            Declared<SecurityPolicySpec> policy, EndAddresses ends, String node, PolicyDirection direction) {
        var spec = policy.spec();
        var selector = Selectors.planned(spec.selector(), IpPrefix.of(ends.source()), IpPrefix.of(ends.destination()));
        var here = direction == PolicyDirection.Out ? spec.source() : spec.destination();
        var other = direction == PolicyDirection.Out ? spec.destination() : spec.source();
        return new Placed(
                node,
                new Entry.Policy(PlannedPolicyBuilder.builder()
                        .withName(policy.key().name())
                        .withUid(policy.uid())
                        .withGeneration(policy.generation())
                        .withDirection(direction)
                        .withSelectorSource(selector.source())
                        .withSelectorDestination(selector.destination())
                        .withProtocol(selector.protocol())
                        .withSourcePort(selector.sourcePort())
                        .withSourcePortMask(selector.sourcePortMask())
                        .withDestinationPort(selector.destinationPort())
                        .withDestinationPortMask(selector.destinationPortMask())
                        .withInterfaceName(here.interfaceName())
                        .withMark(spec.mark())
                        .withInterfaceId(spec.interfaceId())
                        .withIcmpErrors(NullIfDefault.ifFalse(spec.icmpErrors()))
                        .withPerCpuAcquire(
                                direction == PolicyDirection.Out ? NullIfDefault.ifFalse(spec.perCpuAcquire()) : null)
                        .withAction(spec.action())
                        .withPriority(spec.priority())
                        .withTemplate(template(spec, ends).orElse(null))
                        .withOffload(here.offload())
                        .withPeer(other.node())
                        .build()));
    }

    private static Optional<PlannedPolicy.Template> template(SecurityPolicySpec spec, EndAddresses ends) {
        return spec.action() == PolicyAction.Protect
                ? Optional.of(new PlannedPolicy.Template(
                        spec.mode(),
                        ends.source().text(),
                        ends.destination().text(),
                        spec.reqid(),
                        NullIfDefault.ifEqual(spec.protocol(), IpsecProtocol.ESP),
                        NullIfDefault.ifEqual(spec.level(), TemplateLevel.Required)))
                : Optional.empty();
    }
}
