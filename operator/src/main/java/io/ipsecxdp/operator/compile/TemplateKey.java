package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.IpsecProtocol;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.SaMode;

/** What a policy's template and an SA have in common if the one may be met by the other. The source tells the sender. */
record TemplateKey(long reqid, SaMode mode, IpsecProtocol protocol, String source, String destination) {
    static TemplateKey of(PlannedPolicy.Template template) {
        return new TemplateKey(
                template.reqid(), template.mode(), template.ipsecProtocol(), template.source(), template.destination());
    }

    static TemplateKey of(PlannedSa sa) {
        return new TemplateKey(
                sa.terms().reqid(), sa.terms().mode(), sa.terms().ipsecProtocol(), sa.source(), sa.destination());
    }
}
