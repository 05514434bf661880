package io.ipsecxdp.operator.compile;

import java.util.Map;
import java.util.Set;

/**
 * Where keys were used, as the statuses of the declared objects remember it: they outlive nodes, disks and NodePlans.
 *
 * @param nodes by the uid of the SA
 */
public record KeyMemory(Map<String, Set<String>> nodes) {
    public static final KeyMemory NONE = new KeyMemory(Map.of());

    boolean isUsed(String uid, String node) {
        return nodes.getOrDefault(uid, Set.of()).contains(node);
    }
}
