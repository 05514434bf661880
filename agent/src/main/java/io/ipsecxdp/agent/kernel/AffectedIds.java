package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.plan.DesiredEntry;
import io.ipsecxdp.agent.plan.DesiredPolicy;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaId;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** The SAs and policies that the next round has to look at. At first that is every one. For one thread. */
final class AffectedIds {

    /** Above this number, one dump of SAD and SPD takes less time than to ask for each entry. */
    private static final int MOST = 256;

    private final Set<SaId> sas = new HashSet<>();
    private final Set<PolicyId> policies = new HashSet<>();
    private boolean all = true;

    void addAll() {
        all = true;
        sas.clear();
        policies.clear();
    }

    void clear() {
        all = false;
        sas.clear();
        policies.clear();
    }

    /** Empty if every entry is to be looked at. */
    Optional<EntryIds> ids() {
        return all ? Optional.empty() : Optional.of(new EntryIds(sas, policies));
    }

    void add(DesiredEntry entry) {
        add(
                switch (entry) {
                    case DesiredSa desired -> EntryIds.of(desired.sa().id());
                    case DesiredPolicy desired -> EntryIds.of(desired.policy().id());
                });
    }

    void add(EntryIds ids) {
        if (all) {
            return;
        }
        sas.addAll(ids.sas());
        policies.addAll(ids.policies());
        if (sas.size() + policies.size() > MOST) {
            addAll();
        }
    }
}
