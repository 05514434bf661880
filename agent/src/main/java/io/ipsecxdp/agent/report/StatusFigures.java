package io.ipsecxdp.agent.report;

import static java.util.stream.Collectors.toUnmodifiableMap;

import java.util.Map;

/**
 * Numbers of which a status tells: a reader is told again when they differ much from what he knows. Numbers that only grow
 * are so told ever more seldom, however much traffic there is.
 *
 * @param byName those that are not 0
 */
record StatusFigures(Map<String, Long> byName) {

    /** A fifth of what was told is much. */
    private static final long PARTS = 5;

    StatusFigures {
        byName = byName.entrySet().stream()
                .filter(figure -> figure.getValue() != 0)
                .collect(toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    boolean countNothing() {
        return byName.isEmpty();
    }

    /** One began or ceased to be 0, or changed by a fifth. */
    boolean differMuchFrom(StatusFigures told) {
        return !byName.keySet().equals(told.byName.keySet())
                || byName.entrySet().stream()
                        .anyMatch(figure -> isMuch(told.byName.get(figure.getKey()), figure.getValue()));
    }

    private static boolean isMuch(long told, long now) {
        return Math.abs(now - told) >= Math.ceilDiv(told, PARTS);
    }
}
