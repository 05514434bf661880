package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.End;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSelector;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.TemplateLevel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * In which order the two ends of a flow get a policy, change it and lose it. It is derived anew each time from the plans
 * as they are and from what the kernels have; there is no other state.
 *
 * <p>The receiver first takes both what the sender sends now and what it is to send; then the sender changes; then the
 * receiver takes nothing else. That it takes both is level Use: such a template of an inbound policy may be met or not
 * ({@code xfrm_policy_ok} in net/xfrm/xfrm_policy.c), in the clear or by its SAs.
 *
 * <p>Discard needs no order: what it is about is lost anyway. A policy whose selector changes is replaced at both ends at
 * once: to take one off before the other is there would send in the clear.
 */
final class PolicyStages {
    private final CompilerInput input;
    private final Map<IdentityClaim.SelectorOnNode, Placed> gone = new HashMap<>();

    PolicyStages(CompilerInput input) {
        this.input = input;
        var declared = new HashSet<String>();
        input.declared().of(DeclaredKind.SECURITY_POLICY).forEach(policy -> declared.add(policy.uid()));
        input.inForce().all().forEach(placed -> {
            // One of the same name is another one
            if (placed.entry() instanceof Entry.Policy(PlannedPolicy policy)
                    && !declared.contains(placed.entry().uid())) {
                gone.put(identity(placed.node(), policy), placed);
            }
        });
    }

    private static IdentityClaim.SelectorOnNode identity(String node, PlannedPolicy policy) {
        return new IdentityClaim.SelectorOnNode(IdentityClaim.Flow.of(node, policy), policy.lookupMark());
    }

    /** What of a settled policy may be planned now. */
    Arbiter.Settled stage(SecurityPolicySpec spec, Arbiter.Settled settled) {
        var out = settled.placed().stream().filter(PolicyStages::leaves).findFirst();
        var there = out.flatMap(this::before);
        if (out.isEmpty()
                || isDiscard(policy(out.get()))
                || there.filter(PolicyStages::isDiscard).isPresent()) {
            return settled;
        }
        String sender = out.get().node();
        if (there.filter(had -> !identity(sender, had).equals(identity(sender, policy(out.get()))))
                .isPresent()) {
            // It selects other packets by now: the kernels can keep neither of the two for the other
            return settled;
        }
        var wanted = policy(out.get());
        var sends = there.flatMap(PolicyStages::sends);
        boolean switched = there.isPresent() && sends.equals(sends(wanted))
                || there.isEmpty() && sends(wanted).isEmpty();
        var placed = new ArrayList<Placed>();
        var waits = new ArrayList<Wait>();
        var unready = new ArrayList<String>();
        for (var arriving : settled.placed()) {
            if (leaves(arriving)) {
                continue;
            }
            var stage = receives(arriving, out.get(), there, switched);
            placed.add(stage);
            if (!takes(policy(stage), sends(wanted)) || !input.kernels().hasByNow(stage.node(), stage.entry())) {
                unready.add(stage.node());
            }
            if (!policy(stage).equals(policy(arriving))) {
                waits.add(input.kernels()
                        .waitFor(
                                arriving.node(),
                                sender,
                                "this node takes unprotected packets as well until that one is seen to send none"));
            }
        }
        if (switched) {
            placed.add(out.get());
            return settled.staged(placed, waits);
        }
        var missing = missingSa(sender, wanted, spec);
        if (unready.isEmpty() && missing.isEmpty()) {
            placed.add(out.get());
        } else {
            there.ifPresent(had -> placed.add(new Placed(sender, new Entry.Policy(had))));
            waits.add(
                    unready.isEmpty()
                            ? new Wait(
                                    sender,
                                    sender,
                                    "Waits for %s: without it in force there, packets would be lost."
                                            .formatted(missing.get()))
                            : input.kernels()
                                    .waitFor(
                                            sender,
                                            unready.getFirst(),
                                            "its kernel does not take such packets yet, and what is sent before would be lost"));
        }
        return settled.staged(placed, waits);
    }

    /** The policy that the kernel has in this place by the plans as they are, of this object or of one that is gone. */
    private Optional<PlannedPolicy> before(Placed wanted) {
        return input.inForce()
                .at(wanted.node(), wanted.entry().key())
                .or(() -> Optional.ofNullable(gone.get(identity(wanted.node(), policy(wanted))))
                        .map(Placed::entry))
                .map(entry -> ((Entry.Policy) entry).planned());
    }

    /** What the receiver must take at this stage. */
    private Placed receives(Placed wanted, Placed out, Optional<PlannedPolicy> there, boolean switched) {
        var had = before(wanted);
        var goal = sends(policy(out));
        PlannedPolicy stage;
        if (switched && input.kernels().hasByNow(out.node(), out.entry())) {
            stage = policy(wanted);
        } else if (switched) {
            // Nothing is taken away before the sender is seen to do without
            stage = had.filter(before -> takes(before, goal))
                    .map(before -> like(policy(wanted), before))
                    .orElseGet(() -> both(policy(wanted), goal, Optional.empty()));
        } else if (had.flatMap(PlannedPolicy::protection).isPresent() && !isSettled(out.node(), had.get(), there)) {
            // The change before this one is not over: what is taken by now is what may come
            stage = like(policy(wanted), had.get());
        } else {
            stage = both(policy(wanted), goal, there.flatMap(PolicyStages::sends));
        }
        return new Placed(wanted.node(), new Entry.Policy(stage));
    }

    /** Whether the sender is seen to do what it was told last. */
    private boolean isSettled(String sender, PlannedPolicy inbound, Optional<PlannedPolicy> there) {
        return there.map(told -> input.kernels().hasByNow(sender, new Entry.Policy(told)))
                .orElseGet(() -> !input.kernels().mayHave(sender, outOf(inbound), inbound.uid()));
    }

    private static PlannedPolicy both(
            PlannedPolicy wanted, Optional<PlannedPolicy.Template> goal, Optional<PlannedPolicy.Template> former) {
        var now = former.map(template -> template.at(TemplateLevel.Use));
        if (goal.isEmpty()) {
            return now.map(template -> wanted.protectedBy(template, null)).orElse(wanted);
        }
        var next = goal.get().at(TemplateLevel.Use);
        return wanted.protectedBy(
                next, now.filter(template -> !template.equals(next)).orElse(null));
    }

    private static PlannedPolicy like(PlannedPolicy wanted, PlannedPolicy had) {
        return had.protection()
                .map(template ->
                        wanted.protectedBy(template, had.formerProtection().orElse(null)))
                .orElse(wanted);
    }

    /** Whether an inbound policy takes what a sender sends. */
    private static boolean takes(PlannedPolicy inbound, Optional<PlannedPolicy.Template> sent) {
        var template = inbound.protection();
        if (sent.isEmpty()) {
            return template.map(PlannedPolicy.Template::letsPassWithout).orElse(true);
        }
        var sas = sent.get().at(TemplateLevel.Use);
        return template.filter(own -> own.at(TemplateLevel.Use).equals(sas)).isPresent()
                        && (!sent.get().letsPassWithout() || template.get().letsPassWithout())
                || inbound.formerProtection()
                        .filter(own -> own.at(TemplateLevel.Use).equals(sas))
                        .isPresent();
    }

    /**
     * What the policies that are gone still have. One whose name is in use again has nothing: a plan has one policy of a name.
     *
     * @param successors entries of policies that take the places of others
     */
    List<Placed> lingering(Collection<Placed> successors) {
        var taken = new HashSet<IdentityClaim.SelectorOnNode>();
        var names = new HashSet<ObjectKey>();
        successors.forEach(placed -> {
            taken.add(identity(placed.node(), policy(placed)));
            names.add(placed.entry().key().object());
        });
        var left = new HashMap<ObjectKey, List<Placed>>();
        gone.forEach((identity, placed) -> {
            var object = placed.entry().key().object();
            if (!taken.contains(identity) && !names.contains(object) && !isDiscard(policy(placed))) {
                left.computeIfAbsent(object, none -> new ArrayList<>()).add(placed);
            }
        });
        var lingering = new ArrayList<Placed>();
        together(left.values()).forEach(placed -> lingering.addAll(lingering(placed)));
        return lingering;
    }

    /** The packets of a policy, between which ends. */
    private record Path(Optional<String> sender, Optional<String> receiver, PlannedSelector selector) {
        static Path of(Placed placed) {
            var here = Optional.of(placed.node());
            var there = policy(placed).otherNode();
            return leaves(placed)
                    ? new Path(here, there, policy(placed).selector())
                    : new Path(there, here, policy(placed).selector());
        }
    }

    /**
     * What is left of each object; and of two, one of which was taking the place of the other when both went, what the sender has of
     * the one with what the receiver has of the other.
     */
    private static Collection<List<Placed>> together(Collection<List<Placed>> byObject) {
        var whole = new ArrayList<List<Placed>>();
        var sending = new HashMap<Path, List<Placed>>();
        for (var placed : byObject) {
            if (placed.stream().allMatch(PolicyStages::leaves)) {
                sending.put(Path.of(placed.getFirst()), placed);
            } else {
                whole.add(placed);
            }
        }
        whole.replaceAll(placed -> placed.stream().anyMatch(PolicyStages::leaves)
                ? placed
                : Stream.concat(
                                placed.stream(),
                                Optional.ofNullable(sending.remove(Path.of(placed.getFirst()))).stream()
                                        .flatMap(List::stream))
                        .toList());
        whole.addAll(sending.values());
        return whole;
    }

    /** Of one flow: the receiver takes clear packets again, then the sender lets go, then the receiver. */
    private List<Placed> lingering(List<Placed> placed) {
        var out = placed.stream().filter(PolicyStages::leaves).findFirst();
        var lingering = new ArrayList<Placed>();
        boolean takesClear = true;
        for (var arriving : placed) {
            if (leaves(arriving) || policy(arriving).protection().isEmpty()) {
                continue;
            }
            var had = policy(arriving);
            var stage = new Placed(
                    arriving.node(),
                    new Entry.Policy(had.protectedBy(
                            had.protection().get().at(TemplateLevel.Use),
                            had.formerProtection().orElse(null))));
            takesClear &= input.kernels().hasByNow(stage.node(), stage.entry());
            boolean mayArrive = out.isPresent()
                    || had.otherNode()
                            .filter(peer -> input.kernels().mayHave(peer, outOf(had), had.uid()))
                            .isPresent();
            if (mayArrive) {
                lingering.add(stage);
            }
        }
        if (!takesClear && !lingering.isEmpty()) {
            out.filter(leaving -> policy(leaving).protection().isPresent()).ifPresent(lingering::add);
        }
        return lingering;
    }

    private static Entry.Key outOf(PlannedPolicy inbound) {
        return new Entry.Key(
                new ObjectKey(DeclaredKind.SECURITY_POLICY, inbound.name()), "", PolicyDirection.Out.name());
    }

    /**
     * An SA that is declared for this policy, if none of them is in force at the sender. Where none is declared, somebody
     * else brings them, and the policy is what asks for them; not where one was declared until a moment ago, for then the
     * policy may be about to go as well.
     */
    private Optional<String> missingSa(String sender, PlannedPolicy wanted, SecurityPolicySpec spec) {
        if (wanted.protection().isEmpty()) {
            return Optional.empty();
        }
        var template = wanted.protection().get();
        var declared = input.declared().of(DeclaredKind.SECURITY_ASSOCIATION).stream()
                .filter(sa -> isFor(sa.spec(), spec, template))
                .toList();
        var forAllCpus = declared.stream()
                .filter(sa -> sa.spec().source().ownerCpu().isEmpty())
                .toList();
        var candidates = forAllCpus.isEmpty() ? declared : forAllCpus;
        boolean inForce = candidates.stream()
                .anyMatch(sa -> input.inForce().of(sa).stream()
                        .filter(placed -> placed.node().equals(sender))
                        .anyMatch(placed -> input.kernels().has(sender, placed.entry())));
        return inForce
                ? Optional.empty()
                : candidates.stream()
                        .map(sa -> sa.key().toString())
                        .sorted()
                        .findFirst()
                        .or(() -> justDeleted(template));
    }

    private Optional<String> justDeleted(PlannedPolicy.Template template) {
        return input.inForce()
                .all()
                .filter(placed -> input.declared().isJustDeleted(placed.entry().uid())
                        && placed.entry() instanceof Entry.Sa(PlannedSa sa)
                        && TemplateKey.of(sa).equals(TemplateKey.of(template)))
                .map(placed -> placed.entry().key().object().toString())
                .findFirst();
    }

    private static boolean isFor(
            SecurityAssociationSpec sa, SecurityPolicySpec policy, PlannedPolicy.Template template) {
        return sa.terms().reqid().equals(template.reqid())
                && sa.terms().mode() == template.mode()
                && sa.terms().ipsecProtocol() == template.ipsecProtocol()
                && isEnd(sa.source(), policy.source(), template.source())
                && isEnd(sa.destination(), policy.destination(), template.destination());
    }

    private static boolean isEnd(SaEnd ofSa, End ofPolicy, String address) {
        return ofSa.nodeName().equals(ofPolicy.nodeName())
                && ofSa.addressText()
                        .flatMap(IpAddress::parse)
                        .filter(given -> !given.text().equals(address))
                        .isEmpty();
    }

    private static Optional<PlannedPolicy.Template> sends(PlannedPolicy policy) {
        return policy.protection()
                .map(template -> template.at(template.letsPassWithout() ? TemplateLevel.Use : TemplateLevel.Required));
    }

    private static boolean leaves(Placed placed) {
        return policy(placed).direction() == PolicyDirection.Out;
    }

    private static boolean isDiscard(PlannedPolicy policy) {
        return policy.action() == PolicyAction.Discard;
    }

    private static PlannedPolicy policy(Placed placed) {
        return ((Entry.Policy) placed.entry()).planned();
    }
}
