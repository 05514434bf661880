package io.ipsecxdp.agent.kernel;

import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Xfrm;
import io.ipsecxdp.xfrm.XfrmContract;
import java.time.Duration;
import java.util.List;
import org.threeten.extra.MutableClock;

/** The contract, as the model keeps it that the tests of this package trust. */
class TestingKernelContractTest extends XfrmContract {

    private final MutableClock clock = MutableClock.epochUTC();
    private final TestingKernel kernel = new TestingKernel(clock);

    @Override
    protected Xfrm xfrm() {
        return kernel;
    }

    @Override
    protected List<Notification> next() {
        return kernel.notifications();
    }

    @Override
    protected void somebodyAdds(Sa sa) {
        kernel.addForeign(sa);
    }

    @Override
    protected void somebodyDeletes(SaId id) {
        kernel.deleteSa(id);
    }

    @Override
    protected void somebodyFlushesSas() {
        kernel.flushSas();
    }

    @Override
    protected void somebodyAdds(Policy policy) {
        kernel.addForeign(policy);
    }

    @Override
    protected void somebodyReplaces(Policy policy) {
        kernel.replaceForeign(policy);
    }

    @Override
    protected void somebodyDeletes(PolicyId id) {
        kernel.deletePolicy(id);
    }

    @Override
    protected void somebodyFlushesPolicies() {
        kernel.flushPolicies();
    }

    @Override
    protected void limitIsReached(SaId id, boolean hard) {
        clock.add(Duration.ofSeconds(1));
        kernel.expire(id, hard);
    }
}
