package io.ipsecxdp.xfrm;

import java.util.Set;

/** The places in SAD and SPD where something may have changed. */
public record EntryIds(Set<SaId> sas, Set<PolicyId> policies) {

    public EntryIds {
        sas = Set.copyOf(sas);
        policies = Set.copyOf(policies);
    }

    /** Whether the kernel can be asked for each of the SAs: of several with marks it may show another one. */
    public boolean isUnmarked() {
        return sas.stream().allMatch(id -> id.mark().equals(XfrmMark.NONE));
    }
}
