package io.ipsecxdp.agent.ledger;

import io.ipsecxdp.agent.ledger.JournalChange.DisownInterface;
import io.ipsecxdp.agent.ledger.JournalChange.DisownPolicy;
import io.ipsecxdp.agent.ledger.JournalChange.DisownSa;
import io.ipsecxdp.agent.ledger.JournalChange.OwnInterface;
import io.ipsecxdp.agent.ledger.JournalChange.OwnPolicy;
import io.ipsecxdp.agent.ledger.JournalChange.OwnSa;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is ours on this node since it was booted. Written to disk before the kernel is told, so that a crash in between leaves no orphan. */
public record Journal(
        Map<SaId, OwnedSa> sas, Map<PolicyId, OwnedPolicy> policies, Map<String, OwnedInterface> interfaces) {

    public static final Journal EMPTY = new Journal(Map.of(), Map.of(), Map.of());

    public Journal {
        sas = PersistentMap.of(sas);
        policies = PersistentMap.of(policies);
        interfaces = Collections.unmodifiableMap(interfaces);
    }

    public Journal with(Collection<JournalChange> changes) {
        if (changes.isEmpty()) {
            return this;
        }
        var sas = PersistentMap.of(this.sas).changes();
        var policies = PersistentMap.of(this.policies).changes();
        Map<String, OwnedInterface> interfaces = new LinkedHashMap<>(this.interfaces);
        for (JournalChange change : changes) {
            switch (change) {
                case OwnSa(OwnedSa sa) -> sas.put(sa.id(), sa);
                case DisownSa(SaId id) -> sas.remove(id);
                case OwnPolicy(OwnedPolicy policy) -> policies.put(policy.id(), policy);
                case DisownPolicy(PolicyId id) -> policies.remove(id);
                case OwnInterface(OwnedInterface owned) -> interfaces.put(owned.name(), owned);
                case DisownInterface(String name) -> interfaces.remove(name);
            }
        }
        return new Journal(sas.done(), policies.done(), interfaces);
    }

    /** What of the entries with these ids is ours. */
    public Journal only(EntryIds ids) {
        return new Journal(some(sas, ids.sas()), some(policies, ids.policies()), interfaces);
    }

    private static <K, V> Map<K, V> some(Map<K, V> all, Set<K> keys) {
        Map<K, V> some = new HashMap<>();
        keys.forEach(key -> Optional.ofNullable(all.get(key)).ifPresent(value -> some.put(key, value)));
        return some;
    }

    /** The changes that make this journal out of an empty one. */
    public List<JournalChange> asChanges() {
        List<JournalChange> changes = new ArrayList<>();
        sas.values().forEach(sa -> changes.add(new OwnSa(sa)));
        policies.values().forEach(policy -> changes.add(new OwnPolicy(policy)));
        interfaces.values().forEach(owned -> changes.add(new OwnInterface(owned)));
        return List.copyOf(changes);
    }
}
