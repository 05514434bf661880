package io.ipsecxdp.xfrm.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.InGuest;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.NotificationGroup;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Subscription;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmContract;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The contract, as Linux keeps it. */
@InGuest
class NetlinkXfrmContractIT extends XfrmContract {

    private NetworkNamespace namespace;
    private NetlinkXfrm ours;
    private NetlinkXfrm theirs;
    private Subscription subscription;

    @BeforeEach
    void enterAFreshNamespace() {
        Needs.root();
        Needs.program("ip");
        namespace = NetworkNamespace.create();
        ours = namespace.call(NetlinkXfrm::open);
        theirs = namespace.call(NetlinkXfrm::open);
        subscription = namespace.call(
                () -> ours.subscribe(Set.of(NotificationGroup.SA, NotificationGroup.POLICY, NotificationGroup.EXPIRE)));
    }

    @AfterEach
    void leave() {
        subscription.close();
        theirs.close();
        ours.close();
        namespace.close();
    }

    @Override
    protected Xfrm xfrm() {
        return ours;
    }

    @Override
    protected List<Notification> next() {
        return subscription.next();
    }

    private void theyDo(Change change) {
        assertThat(theirs.apply(List.of(change))).allMatch(Result::done);
    }

    @Override
    protected void somebodyAdds(Sa sa) {
        theyDo(new Change.AddSa(sa, KeyMaterial.random(sa.algorithms().keyBytes())));
    }

    @Override
    protected void somebodyDeletes(SaId id) {
        theyDo(new Change.DeleteSa(id));
    }

    @Override
    protected void somebodyFlushesSas() {
        namespace.run("ip xfrm state flush");
    }

    @Override
    protected void somebodyAdds(Policy policy) {
        theyDo(new Change.AddPolicy(policy));
    }

    @Override
    protected void somebodyReplaces(Policy policy) {
        theyDo(new Change.ReplacePolicy(policy));
    }

    @Override
    protected void somebodyDeletes(PolicyId id) {
        theyDo(new Change.DeletePolicy(id));
    }

    @Override
    protected void somebodyFlushesPolicies() {
        namespace.run("ip xfrm policy flush");
    }

    /** The kernel does it by itself; the test waits for its notification. */
    @Override
    protected void limitIsReached(SaId id, boolean hard) {}
}
