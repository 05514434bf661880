package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.agent.plan.DesiredEntry;
import io.ipsecxdp.agent.plan.DesiredPolicy;
import io.ipsecxdp.agent.plan.DesiredSa;
import io.ipsecxdp.xfrm.EntryIds;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaId;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** What is to be looked at in the next round. At first, everything is. */
final class AffectedIds {

    /** To ask the kernel for more of them, one by one, takes longer than a dump of some thousands. */
    private static final int MOST = 256;

    private final Set<SaId> sas = new HashSet<>();
    private final Set<PolicyId> policies = new HashSet<>();
    private boolean everything = true;

    void everything() {
        everything = true;
        sas.clear();
        policies.clear();
    }

    void nothing() {
        everything();
        everything = false;
    }

    /** Empty if everything is to be looked at. */
    Optional<EntryIds> places() {
        return everything ? Optional.empty() : Optional.of(new EntryIds(sas, policies));
    }

    void add(DesiredEntry entry) {
        switch (entry) {
            case DesiredSa wanted -> add(wanted.sa().id());
            case DesiredPolicy wanted -> add(wanted.policy().id());
        }
    }

    void add(Notification.Event event) {
        switch (event) {
            case Notification.SaAdded(var sa) -> add(sa.id());
            case Notification.SaUpdated(var sa) -> add(sa.id());
            case Notification.SaDeleted(var sa) -> add(sa.id());
            case Notification.SaExpired(var id, boolean hard) -> add(id);
            case Notification.PolicyAdded(var policy) -> add(policy.id());
            case Notification.PolicyUpdated(var policy) -> add(policy.id());
            case Notification.PolicyDeleted(var policy) -> add(policy.id());
            case Notification.PolicyExpired(var policy, boolean hard) -> add(policy.id());
            // Of many, or of which ones nobody knows
            default -> everything();
        }
    }

    private void add(SaId id) {
        if (!everything) {
            sas.add(id);
            bound();
        }
    }

    private void add(PolicyId id) {
        if (!everything) {
            policies.add(id);
            bound();
        }
    }

    private void bound() {
        if (sas.size() + policies.size() > MOST) {
            everything();
        }
    }
}
