package io.ipsecxdp.xfrm;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/** Identities of SAs and policies: those that a notification tells of, or that a repair is about. */
public record EntryIds(Set<SaId> sas, Set<PolicyId> policies) {

    public static final EntryIds NONE = new EntryIds(Set.of(), Set.of());

    public EntryIds {
        sas = Set.copyOf(sas);
        policies = Set.copyOf(policies);
    }

    public static EntryIds of(SaId id) {
        return new EntryIds(Set.of(id), Set.of());
    }

    public static EntryIds of(PolicyId id) {
        return new EntryIds(Set.of(), Set.of(id));
    }

    public static EntryIds union(Collection<EntryIds> some) {
        Set<SaId> sas = new HashSet<>();
        Set<PolicyId> policies = new HashSet<>();
        some.forEach(ids -> {
            sas.addAll(ids.sas());
            policies.addAll(ids.policies());
        });
        return new EntryIds(sas, policies);
    }

    /** Whether the kernel can be asked for each of the SAs: of several with marks it may show another one. */
    public boolean isUnmarked() {
        return sas.stream().allMatch(id -> id.mark().equals(XfrmMark.NONE));
    }
}
