package io.ipsecxdp.operator.compile;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toSet;

import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SecurityPolicySpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * In which order the two ends of an SA get it and lose it. It is derived anew each time from the plans as they are and
 * from what the kernels have; there is no other state.
 *
 * <p>New: inbound at once, outbound once the other kernel has inbound. Of the SAs that fit, Linux sends by the one that
 * was added last ({@code xfrm_state_look_at} in net/xfrm/xfrm_state.c), so an outbound SA that comes first loses what it
 * sends, even if an older SA is well at both ends. Gone: outbound at once, inbound once the other kernel has let go of
 * outbound. But an SA goes after a policy that goes too and needs it; and because objects that are deleted together are
 * seen to be deleted one after the other, one without which a policy would drop stays for a moment, until it shows
 * whether that policy follows it.
 */
final class SaStages {
    private final CompilerInput input;

    SaStages(CompilerInput input) {
        this.input = input;
    }

    /** What of a settled SA may be planned now. */
    Arbiter.Settled stage(Arbiter.Settled settled) {
        var inbound = settled.placed().stream()
                .filter(placed -> isSa(placed, SaDirection.In))
                .findFirst();
        var placed = new ArrayList<Placed>();
        var waits = new ArrayList<Wait>();
        for (var entry : settled.placed()) {
            var refusal = inbound.filter(receiver -> isSa(entry, SaDirection.Out))
                    .flatMap(receiver -> refusal(entry.node(), receiver));
            if (refusal.isPresent()) {
                waits.add(refusal.get());
                continue;
            }
            var before = input.inForce().at(entry.node(), entry.entry().key());
            boolean held = isSa(entry, SaDirection.Out)
                    && inbound.isPresent()
                    && before.filter(had -> isSame(had, entry.entry())).isEmpty()
                    && !isThere(inbound.get(), before.isPresent());
            if (held) {
                before.filter(had -> had.uid().equals(entry.entry().uid()))
                        .ifPresent(had -> placed.add(new Placed(entry.node(), had)));
                waits.add(
                        input.kernels()
                                .waitFor(
                                        entry.node(),
                                        inbound.get().node(),
                                        "its kernel does not have the inbound end yet, and packets that are sent before would be lost"));
            } else {
                placed.add(entry);
            }
        }
        return settled.staged(placed, waits);
    }

    /**
     * Why nothing may be sent to {@code inbound} any more: its agent says that the kernel does not have it, and never will
     * with its key. What it says of other reasons, as of a key that it cannot read, may be over in a moment.
     */
    private Optional<Wait> refusal(String sender, Placed inbound) {
        var entry = inbound.entry();
        if (!input.kernels().hasRead(inbound.node(), entry.key(), entry.uid())) {
            return Optional.empty();
        }
        return input.kernels()
                .reports(inbound.node(), entry.key(), entry.uid())
                .filter(report ->
                        report.state() == EntryState.Failed && report.of().equals(entry.acknowledgement()))
                .filter(report -> isForGood(report.reason(), sa(inbound)))
                .findFirst()
                .map(report -> input.kernels()
                        .waitFor(
                                sender,
                                inbound.node(),
                                "it does not receive with this key (%s), and what is sent would be lost"
                                        .formatted(report.reason())));
    }

    /** An SA with offload that somebody changed has ReplayAtRisk as well, and may receive still. */
    private static boolean isForGood(String reason, PlannedSa inbound) {
        return reason.equals(Reason.KeyReused.name())
                || reason.equals(Reason.Expired.name())
                || reason.equals(Reason.ReplayAtRisk.name())
                        && inbound.hardware().isEmpty();
    }

    /** @param moved the SA had other addresses, and may have had these before */
    private boolean isThere(Placed inbound, boolean moved) {
        return moved
                ? input.kernels().hasByNow(inbound.node(), inbound.entry())
                : input.kernels().has(inbound.node(), inbound.entry());
    }

    /** What else may change of an SA, its lifetime for one, changes nothing for the other end. */
    private static boolean isSame(Entry one, Entry other) {
        return one.uid().equals(other.uid()) && one.acknowledgement().equals(other.acknowledgement());
    }

    /** What SAs that are gone still have. */
    List<Placed> lingering() {
        var sas = input.declared().of(DeclaredKind.SECURITY_ASSOCIATION);
        var declared = sas.stream().map(Declared::uid).collect(toSet());
        var names = sas.stream().map(Declared::key).collect(toSet());
        var needs = new Needs();
        var served = served(declared);
        var outbound = new ArrayList<Placed>();
        var inbound = new ArrayList<Placed>();
        input.inForce()
                .all()
                .filter(placed -> !declared.contains(placed.entry().uid()))
                .forEach(placed -> {
                    if (isSa(placed, SaDirection.Out)) {
                        var key = TemplateKey.of(sa(placed));
                        boolean mayBeFollowed =
                                input.declared().isJustDeleted(placed.entry().uid())
                                        && !names.contains(placed.entry().key().object())
                                        && needs.staying.contains(key)
                                        && !isServed(served.getOrDefault(key, List.of()), sa(placed));
                        if (mayBeFollowed || needs.going.contains(key)) {
                            outbound.add(placed);
                        }
                    } else if (isSa(placed, SaDirection.In) && mayArrive(placed)) {
                        inbound.add(placed);
                    }
                });
        var lingering = new ArrayList<>(outbound);
        lingering.addAll(inbound);
        return lingering;
    }

    /** The SAs that are declared and send. */
    private Map<TemplateKey, List<PlannedSa>> served(Set<String> declared) {
        return input.inForce()
                .all()
                .filter(placed -> isSa(placed, SaDirection.Out)
                        && declared.contains(placed.entry().uid()))
                .filter(placed -> input.kernels().has(placed.node(), placed.entry()))
                .map(SaStages::sa)
                .collect(groupingBy(TemplateKey::of));
    }

    /** Whether one of {@code others} sends what {@code sa} does. One of another owner CPU does not. */
    private static boolean isServed(List<PlannedSa> others, PlannedSa sa) {
        return others.stream().map(PlannedSa::ownerCpu).anyMatch(cpu -> cpu.isEmpty() || cpu.equals(sa.ownerCpu()));
    }

    private boolean mayArrive(Placed inbound) {
        return sa(inbound)
                .otherNode()
                .filter(peer -> input.kernels()
                        .mayHave(peer, inbound.entry().key(), inbound.entry().uid()))
                .isPresent();
    }

    /** What policies need SAs for: without these they drop what they select. */
    private final class Needs {
        /** Of policies that send only until the other end can do without it. */
        private final Set<TemplateKey> going = new HashSet<>();

        /** Of policies that send, or are about to, and are not seen to go. */
        private final Set<TemplateKey> staying = new HashSet<>();

        Needs() {
            var declared = new HashMap<ObjectKey, SecurityPolicySpec>();
            input.declared()
                    .of(DeclaredKind.SECURITY_POLICY)
                    .forEach(policy -> declared.put(policy.key(), policy.spec()));
            input.inForce().all().forEach(placed -> {
                if (placed.entry() instanceof Entry.Policy(PlannedPolicy policy)) {
                    var spec = Optional.ofNullable(
                            declared.get(placed.entry().key().object()));
                    policy.protection().ifPresent(template -> {
                        if (stays(template, spec)) {
                            staying.add(TemplateKey.of(template));
                        } else if (policy.direction() == PolicyDirection.Out) {
                            going.add(TemplateKey.of(template));
                        }
                    });
                }
            });
            input.kernels()
                    .leftovers()
                    .filter(report -> report.part().equals(PolicyDirection.Out.name()))
                    .forEach(report -> {
                        if (report.of() instanceof Acknowledgement.OfPolicy policy) {
                            policy.template().map(TemplateKey::of).ifPresent(going::add);
                        }
                    });
        }

        private static boolean stays(PlannedPolicy.Template template, Optional<SecurityPolicySpec> declared) {
            return declared.filter(spec -> spec.action() == PolicyAction.Protect
                            && spec.reqid().equals(template.reqid())
                            && spec.mode() == template.mode())
                    .isPresent();
        }
    }

    /** Names of SAs that are gone and of which a node has something still. */
    static Set<ObjectKey> objects(List<Placed> lingering) {
        var objects = new HashSet<ObjectKey>();
        lingering.forEach(placed -> objects.add(placed.entry().key().object()));
        return objects;
    }

    private static boolean isSa(Placed placed, SaDirection direction) {
        return placed.entry() instanceof Entry.Sa(PlannedSa sa) && sa.direction() == direction;
    }

    private static PlannedSa sa(Placed placed) {
        return ((Entry.Sa) placed.entry()).planned();
    }
}
