package io.ipsecxdp.agent.ledger;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonSubTypes.Type;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.ipsecxdp.agent.ledger.InstallTime.Asking;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.time.Instant;
import java.util.Optional;

/**
 * A line of the journal, as JSON. What is the usual is left out: ESP, no mark, no interface. Only policies of the main
 * SPD can be written, as this agent installs no others.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "line")
@JsonSubTypes({
    @Type(value = JournalLine.Boot.class, name = "boot"),
    @Type(value = JournalLine.Sa.class, name = "sa"),
    @Type(value = JournalLine.NoSa.class, name = "noSa"),
    @Type(value = JournalLine.Policy.class, name = "policy"),
    @Type(value = JournalLine.NoPolicy.class, name = "noPolicy"),
    @Type(value = JournalLine.Interface.class, name = "interface"),
    @Type(value = JournalLine.NoInterface.class, name = "noInterface")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
sealed interface JournalLine {

    /** The lines that follow are about this boot: boot id and network namespace cookie. */
    record Boot(String boot) implements JournalLine {}

    /**
     * @param child null for none
     * @param key fingerprint, if known
     * @param added seconds since 1970, by the kernel's clock, if known
     * @param asked seconds since 1970, if the kernel's answer was not read back yet
     * @param answered seconds since 1970, if that took long
     */
    record Sa(
            String destination,
            long spi,
            String source,
            long reqid,
            SaDir direction,
            String uid,
            String child,
            String name,
            String slice,
            String key,
            Long added,
            Long asked,
            Long answered,
            Integer protocol,
            XfrmMark mark)
            implements JournalLine {}

    record NoSa(String destination, long spi, Integer protocol, XfrmMark mark) implements JournalLine {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Place(
            PolicyDir direction,
            String source,
            int sourceLength,
            String destination,
            int destinationLength,
            int protocol,
            PortMatch sourcePort,
            PortMatch destinationPort,
            Integer interfaceIndex,
            XfrmMark mark,
            Long interfaceId) {

        static Place of(PolicyId id) {
            XfrmSelector selector = id.selector();
            return new Place(
                    id.direction(),
                    selector.source().address().getHostAddress(),
                    selector.source().length(),
                    selector.destination().address().getHostAddress(),
                    selector.destination().length(),
                    selector.upperProtocol().number(),
                    selector.sourcePort(),
                    selector.destinationPort(),
                    selector.interfaceIndex() == 0 ? null : selector.interfaceIndex(),
                    marked(id.mark()),
                    id.interfaceId() == 0 ? null : id.interfaceId());
        }

        PolicyId id() {
            XfrmSelector selector = XfrmSelector.between(
                            new Prefix(IpLiterals.parse(source), sourceLength),
                            new Prefix(IpLiterals.parse(destination), destinationLength))
                    .with(new IpProtocol(protocol), sourcePort, destinationPort)
                    .on(interfaceIndex == null ? 0 : interfaceIndex);
            return new PolicyId(
                    direction,
                    selector,
                    mark == null ? XfrmMark.NONE : mark,
                    interfaceId == null ? 0 : interfaceId,
                    PolicyId.Type.MAIN);
        }
    }

    /** @param child null for none */
    record Policy(
            Place place, String uid, String child, String name, String slice, Long added, Long asked, Long answered)
            implements JournalLine {}

    record NoPolicy(Place place) implements JournalLine {}

    record Interface(String name, String policy, String slice) implements JournalLine {}

    record NoInterface(String name) implements JournalLine {}

    static JournalLine of(JournalChange change) {
        return switch (change) {
            case JournalChange.OwnSa(OwnedSa sa) ->
                new Sa(
                        sa.id().destination().getHostAddress(),
                        sa.id().spi(),
                        sa.source().getHostAddress(),
                        sa.reqid(),
                        sa.direction(),
                        sa.origin().uid(),
                        sa.origin().childName().orElse(null),
                        sa.name(),
                        sa.slice(),
                        sa.key().map(KeyFingerprint::hex).orElse(null),
                        seconds(sa.installTime().added()),
                        seconds(sa.installTime().asked().map(Asking::from)),
                        answered(sa.installTime()),
                        unusual(sa.id().protocol()),
                        marked(sa.id().mark()));
            case JournalChange.DisownSa(SaId id) ->
                new NoSa(id.destination().getHostAddress(), id.spi(), unusual(id.protocol()), marked(id.mark()));
            case JournalChange.OwnPolicy(OwnedPolicy policy) ->
                new Policy(
                        Place.of(policy.id()),
                        policy.origin().uid(),
                        policy.origin().childName().orElse(null),
                        policy.name(),
                        policy.slice(),
                        seconds(policy.installTime().added()),
                        seconds(policy.installTime().asked().map(Asking::from)),
                        answered(policy.installTime()));
            case JournalChange.DisownPolicy(PolicyId id) -> new NoPolicy(Place.of(id));
            case JournalChange.OwnInterface(OwnedInterface owned) ->
                new Interface(owned.name(), owned.policy(), owned.slice());
            case JournalChange.DisownInterface(String name) -> new NoInterface(name);
        };
    }

    /** @throws IllegalArgumentException if this is no change */
    default JournalChange change() {
        return switch (this) {
            case Sa sa ->
                new JournalChange.OwnSa(new OwnedSa(
                        id(sa.destination, sa.spi, sa.protocol, sa.mark),
                        IpLiterals.parse(sa.source),
                        sa.reqid,
                        sa.direction,
                        Origin.of(sa.uid, Optional.ofNullable(sa.child)),
                        sa.name,
                        sa.slice,
                        Optional.ofNullable(sa.key).map(KeyFingerprint::new),
                        installTime(sa.added, sa.asked, sa.answered)));
            case NoSa(String destination, long spi, Integer protocol, XfrmMark mark) ->
                new JournalChange.DisownSa(id(destination, spi, protocol, mark));
            case Policy policy ->
                new JournalChange.OwnPolicy(new OwnedPolicy(
                        policy.place.id(),
                        Origin.of(policy.uid, Optional.ofNullable(policy.child)),
                        policy.name,
                        policy.slice,
                        installTime(policy.added, policy.asked, policy.answered)));
            case NoPolicy(Place place) -> new JournalChange.DisownPolicy(place.id());
            case Interface(String name, String policy, String slice) ->
                new JournalChange.OwnInterface(new OwnedInterface(name, policy, slice));
            case NoInterface(String name) -> new JournalChange.DisownInterface(name);
            case Boot boot -> throw new IllegalArgumentException("A line about the boot is no change");
        };
    }

    private static SaId id(String destination, long spi, Integer protocol, XfrmMark mark) {
        return new SaId(
                IpLiterals.parse(destination),
                protocol == null ? IpProtocol.ESP : new IpProtocol(protocol),
                spi,
                mark == null ? XfrmMark.NONE : mark);
    }

    private static Integer unusual(IpProtocol protocol) {
        return protocol.equals(IpProtocol.ESP) ? null : protocol.number();
    }

    private static XfrmMark marked(XfrmMark mark) {
        return mark.equals(XfrmMark.NONE) ? null : mark;
    }

    private static Long seconds(Optional<Instant> instant) {
        return instant.map(Instant::getEpochSecond).orElse(null);
    }

    /** Left out where it says no more than when it was asked. */
    private static Long answered(InstallTime installTime) {
        return seconds(installTime
                .asked()
                .filter(asking -> !asking.equals(Asking.at(asking.from())))
                .map(Asking::until));
    }

    private static InstallTime installTime(Long added, Long asked, Long answered) {
        return new InstallTime(Optional.ofNullable(added).map(Instant::ofEpochSecond), asking(asked, answered));
    }

    private static Optional<Asking> asking(Long asked, Long answered) {
        return Optional.ofNullable(asked)
                .map(Instant::ofEpochSecond)
                .map(from -> answered == null ? Asking.at(from) : new Asking(from, Instant.ofEpochSecond(answered)));
    }
}
