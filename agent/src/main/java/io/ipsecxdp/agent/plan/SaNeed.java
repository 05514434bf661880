package io.ipsecxdp.agent.plan;

import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmMark;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The SAs by one of which the packets of a policy go, or must have come: what {@code xfrm_state_find} (net/xfrm/xfrm_state.c)
 * and {@code xfrm_state_ok} (net/xfrm/xfrm_policy.c) compare, as far as it does not depend on the packet.
 */
record SaNeed(Template template, PolicyId policy) {

    /**
     * What can be looked up without going through all SAs.
     *
     * @param ends empty where the packet's own are meant
     */
    record Key(SaDir direction, IpProtocol protocol, Mode mode, long reqid, Optional<Template.Ends> ends) {}

    /** Inbound, a template of level USE asks for nothing ({@code __xfrm_policy_check}). */
    static Stream<SaNeed> of(Policy policy) {
        boolean out = policy.id().direction() == PolicyDir.OUT;
        return policy.templates().stream()
                .filter(template -> out || template.level() == Template.Level.REQUIRED)
                .map(template -> new SaNeed(template, policy.id()));
    }

    Key key() {
        return new Key(
                direction(),
                template.protocol(),
                template.mode(),
                template.reqid(),
                template.ends().or(this::endsOfBothHosts));
    }

    /** Of a policy between two hosts the packets' ends are known. */
    private Optional<Template.Ends> endsOfBothHosts() {
        Prefix source = policy.selector().source();
        Prefix destination = policy.selector().destination();
        return Prefix.host(source.address()).equals(source)
                        && Prefix.host(destination.address()).equals(destination)
                ? Optional.of(new Template.Ends(source.address(), destination.address()))
                : Optional.empty();
    }

    /** The keys of all needs that the SA may meet. */
    static List<Key> metBy(Sa sa) {
        Template.Ends ends = new Template.Ends(sa.source(), sa.id().destination());
        return List.of(
                new Key(sa.direction(), sa.id().protocol(), sa.mode(), sa.reqid(), Optional.of(ends)),
                new Key(sa.direction(), sa.id().protocol(), sa.mode(), sa.reqid(), Optional.empty()));
    }

    boolean isMetBy(Sa sa) {
        return sa.direction() == direction()
                && isMetBy(
                        sa.id(),
                        sa.source(),
                        sa.mode(),
                        sa.reqid(),
                        sa.options().interfaceId());
    }

    /** Whoever installed it. */
    boolean isMetBy(ObservedSa sa) {
        return !sa.larval()
                && sa.direction().orElse(direction()) == direction()
                && isMetBy(
                        sa.id(),
                        sa.source(),
                        sa.mode(),
                        sa.reqid(),
                        sa.options().interfaceId());
    }

    private boolean isMetBy(SaId id, InetAddress source, Mode mode, long reqid, long interfaceId) {
        return id.protocol().equals(template.protocol())
                && mode == template.mode()
                && reqid == template.reqid()
                && interfaceId == policy.interfaceId()
                && id.mark().takesIn(policy.mark())
                && hasEnds(source, id.destination());
    }

    private boolean hasEnds(InetAddress source, InetAddress destination) {
        return template.ends()
                .map(ends -> ends.source().equals(source) && ends.destination().equals(destination))
                .orElseGet(() -> policy.selector().source().contains(source)
                        && policy.selector().destination().contains(destination));
    }

    private SaDir direction() {
        return policy.direction() == PolicyDir.OUT ? SaDir.OUT : SaDir.IN;
    }

    /** Such as {@code ESP in tunnel mode from 10.0.0.1 to 10.0.0.2 with reqid 5}. */
    @Override
    public String toString() {
        String ends = template.ends()
                .map(outer -> "from %s to %s"
                        .formatted(
                                outer.source().getHostAddress(),
                                outer.destination().getHostAddress()))
                .orElseGet(() -> "between the packet's own ends");
        String plain = "%s in %s mode %s with reqid %d"
                .formatted(
                        template.protocol().toString().toUpperCase(Locale.ROOT),
                        template.mode().name().toLowerCase(Locale.ROOT),
                        ends,
                        template.reqid());
        return policy.mark().equals(XfrmMark.NONE) ? plain : plain + " and mark " + policy.mark();
    }
}
