package io.ipsecxdp.agent.plan;

import io.ipsecxdp.crds.EntryState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The SAs of the plan, for policies that ask whether theirs are in force. For one plan. */
final class NeededSas {

    private final DecisionInput now;
    private final SaFacts facts;
    private final Function<DesiredSa, EntryStatus> statuses;

    /** Of the SAs of the whole plan; made when it is asked for, as policies in force do not ask. */
    private Optional<Map<SaNeed.Key, List<DesiredSa>>> byKey = Optional.empty();

    /** @param statuses how the SAs of this plan stand */
    NeededSas(DecisionInput now, SaFacts facts, Function<DesiredSa, EntryStatus> statuses) {
        this.now = now;
        this.facts = facts;
        this.statuses = statuses;
    }

    /** An SA that the policy needs, and that will be in force in a moment. */
    Optional<DesiredSa> pending(List<SaNeed> needs) {
        return first(needs.stream()
                .flatMap(need -> candidates(need).stream())
                .filter(sa -> state(sa) == EntryState.Pending)
                .toList());
    }

    /** An SA that failed, of a kind that the policy needs and of which none is in force. */
    Optional<DesiredSa> failed(List<SaNeed> needs) {
        return first(needs.stream()
                .filter(need -> !isMet(need))
                .flatMap(need -> candidates(need).stream())
                .toList());
    }

    /** The same, if none of that kind was ever in force on this node, in this boot or before. */
    Optional<DesiredSa> failedFromTheBeginning(List<SaNeed> needs) {
        return failed(needs.stream()
                .filter(need -> candidates(need).stream().noneMatch(facts::wasEverInForce))
                .toList());
    }

    /** A need for which nobody declared an SA, and that nobody's SA in the kernel meets. */
    Optional<SaNeed> undeclared(List<SaNeed> needs) {
        return needs.stream()
                .filter(need -> candidates(need).isEmpty())
                .filter(need -> now.observed().sas().values().stream().noneMatch(need::isMetBy))
                .findFirst();
    }

    /** Why an SA is not in force. */
    String why(DesiredSa sa) {
        return status(sa).reason().name();
    }

    private boolean isMet(SaNeed need) {
        return candidates(need).stream().anyMatch(sa -> state(sa) == EntryState.Installed);
    }

    private List<DesiredSa> candidates(SaNeed need) {
        if (byKey.isEmpty()) {
            Map<SaNeed.Key, List<DesiredSa>> sas = new HashMap<>();
            now.desired().sas().values().forEach(sa -> add(sas, sa));
            now.elsewhere().keySet().forEach(entry -> {
                if (entry instanceof DesiredSa sa) {
                    add(sas, sa);
                }
            });
            byKey = Optional.of(sas);
        }
        return byKey.get().getOrDefault(need.key(), List.of()).stream()
                .filter(sa -> need.isMetBy(sa.sa()))
                .toList();
    }

    private static void add(Map<SaNeed.Key, List<DesiredSa>> sas, DesiredSa sa) {
        SaNeed.metBy(sa.sa())
                .forEach(key ->
                        sas.computeIfAbsent(key, same -> new ArrayList<>()).add(sa));
    }

    private EntryState state(DesiredSa sa) {
        return status(sa).state();
    }

    private EntryStatus status(DesiredSa sa) {
        EntryStatus elsewhere = now.elsewhere().get(sa);
        return elsewhere == null ? statuses.apply(sa) : elsewhere;
    }

    /** Of several the same one is named, whatever their order. */
    private static Optional<DesiredSa> first(List<DesiredSa> sas) {
        return sas.stream()
                .min(Comparator.comparing(DesiredSa::name)
                        .thenComparing(sa -> sa.origin().uid())
                        .thenComparing(sa -> sa.origin().child()));
    }
}
