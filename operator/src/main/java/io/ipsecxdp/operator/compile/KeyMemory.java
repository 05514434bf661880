package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.KeyHolder;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the statuses of the declared objects remember of keys: they outlive nodes, disks and NodePlans.
 *
 * @param nodes where a key was used, by the uid of the SA
 * @param holders the SAs that had the key of another first, by the uid of that other
 */
public record KeyMemory(Map<String, Set<String>> nodes, Map<String, KeyHolder> holders) {
    public static final KeyMemory NONE = new KeyMemory(Map.of(), Map.of());

    boolean isUsed(String uid, String node) {
        return nodes.getOrDefault(uid, Set.of()).contains(node);
    }

    Optional<KeyHolder> holder(String uid) {
        return Optional.ofNullable(holders.get(uid));
    }
}
