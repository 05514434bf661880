package io.ipsecxdp.agent.plan;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Rules in an order: the first that has something to say decides. The order is the policy, and the list is its
 * documentation. The last rule decides about all that is left.
 *
 * @param <T> what is decided about, with all that the rules look at
 */
record RuleChain<T>(List<Rule<T>> rules) {

    /**
     * One rule.
     *
     * @param name the case that it decides
     * @param decision empty if it is another case
     */
    record Rule<T>(String name, Function<T, Optional<Decision>> decision) {}

    RuleChain {
        rules = List.copyOf(rules);
    }

    static <T> Rule<T> rule(String name, Function<T, Optional<Decision>> decision) {
        return new Rule<>(name, decision);
    }

    Decision decide(T subject) {
        for (Rule<T> rule : rules) {
            Optional<Decision> decision = rule.decision().apply(subject);
            if (decision.isPresent()) {
                return decision.get();
            }
        }
        throw new IllegalStateException("None of the rules %s decides".formatted(names()));
    }

    List<String> names() {
        return rules.stream().map(Rule::name).toList();
    }
}
