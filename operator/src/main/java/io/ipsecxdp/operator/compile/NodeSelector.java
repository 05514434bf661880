package io.ipsecxdp.operator.compile;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import java.util.List;
import java.util.Map;

/** Label selectors, as Kubernetes defines them ({@code metav1.LabelSelector}). */
final class NodeSelector {
    static final List<String> OPERATORS = List.of("In", "NotIn", "Exists", "DoesNotExist");

    private NodeSelector() {}

    /** Whether all operators of {@code selector} are known. */
    static boolean isKnown(LabelSelector selector) {
        return selector.getMatchExpressions().stream()
                .map(LabelSelectorRequirement::getOperator)
                .allMatch(OPERATORS::contains);
    }

    /** Whether {@code selector}, with known operators only, selects {@code labels}. */
    static boolean selects(LabelSelector selector, Map<String, String> labels) {
        boolean labelsMatch = selector.getMatchLabels() == null
                || labels.entrySet().containsAll(selector.getMatchLabels().entrySet());
        return labelsMatch
                && selector.getMatchExpressions().stream().allMatch(requirement -> holds(requirement, labels));
    }

    private static boolean holds(LabelSelectorRequirement requirement, Map<String, String> labels) {
        boolean has = labels.containsKey(requirement.getKey());
        boolean listed = has && requirement.getValues().contains(labels.get(requirement.getKey()));
        return switch (requirement.getOperator()) {
            case "In" -> listed;
            case "NotIn" -> !listed;
            case "Exists" -> has;
            case "DoesNotExist" -> !has;
            default -> throw new IllegalArgumentException("unknown operator " + requirement.getOperator());
        };
    }
}
