package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Algorithms;
import io.ipsecxdp.xfrm.AuthAlgorithm;
import io.ipsecxdp.xfrm.Cipher;
import io.ipsecxdp.xfrm.CipherAndIntegrity;
import io.ipsecxdp.xfrm.EspInUdp;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.LifetimeCounters;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.ReplayState;
import io.ipsecxdp.xfrm.SaFlag;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmOffload;
import io.ipsecxdp.xfrm.XfrmSelector;
import io.ipsecxdp.xfrm.codec.Layout.Algo;
import io.ipsecxdp.xfrm.codec.Layout.AlgoAead;
import io.ipsecxdp.xfrm.codec.Layout.AlgoAuth;
import io.ipsecxdp.xfrm.codec.Layout.EncapTemplate;
import io.ipsecxdp.xfrm.codec.Layout.Id;
import io.ipsecxdp.xfrm.codec.Layout.LifetimeConfig;
import io.ipsecxdp.xfrm.codec.Layout.LifetimeCurrent;
import io.ipsecxdp.xfrm.codec.Layout.ReplayStateEsn;
import io.ipsecxdp.xfrm.codec.Layout.SadInfo;
import io.ipsecxdp.xfrm.codec.Layout.Stats;
import io.ipsecxdp.xfrm.codec.Layout.UserAcquire;
import io.ipsecxdp.xfrm.codec.Layout.UserExpire;
import io.ipsecxdp.xfrm.codec.Layout.UserOffload;
import io.ipsecxdp.xfrm.codec.Layout.UserPolicyExpire;
import io.ipsecxdp.xfrm.codec.Layout.UserPolicyId;
import io.ipsecxdp.xfrm.codec.Layout.UserPolicyInfo;
import io.ipsecxdp.xfrm.codec.Layout.UserPolicyType;
import io.ipsecxdp.xfrm.codec.Layout.UserSaFlush;
import io.ipsecxdp.xfrm.codec.Layout.UserSaId;
import io.ipsecxdp.xfrm.codec.Layout.UserSaInfo;
import io.ipsecxdp.xfrm.codec.Layout.UserTemplate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Reads what the kernel sends. Every method throws {@link MalformedMessageException}, and nothing else, for bytes that
 * make no sense.
 */
public final class XfrmDecoder {

    private XfrmDecoder() {}

    /** Reads NEWSA, as a dump or an answer has it. */
    public static ObservedSa sa(Frame frame) {
        return refusingNonsense(() -> sa(frame.payload(), attributes(frame, UserSaInfo.SIZE)));
    }

    /**
     * Reads the key out of NEWSA: of two algorithms, that of the cipher stands before that of the integrity.
     *
     * @return empty if there is none, or nothing but zeros, which the kernel shows in its place under lockdown
     */
    public static Optional<KeyMaterial> key(Frame frame) {
        Attributes attributes = attributes(frame, UserSaInfo.SIZE);
        List<Bytes> parts = Stream.of(
                        part(attributes, XfrmAttribute.ALG_AEAD, AlgoAead.ALG_KEY),
                        part(attributes, XfrmAttribute.ALG_CRYPT, Algo.ALG_KEY),
                        part(attributes, XfrmAttribute.ALG_AUTH_TRUNC, AlgoAuth.ALG_KEY))
                .flatMap(Optional::stream)
                .toList();
        byte[] key = new byte[parts.stream().mapToInt(Bytes::size).sum()];
        int at = 0;
        for (Bytes part : parts) {
            part.copyTo(key, at);
            at += part.size();
        }
        boolean hidden = parts.stream().allMatch(part -> part.allZero(0, part.size()));
        return hidden ? Optional.empty() : Optional.of(KeyMaterial.takeFrom(key));
    }

    private static Optional<Bytes> part(Attributes attributes, int type, int from) {
        return attributes
                .find(type)
                .map(algorithm ->
                        algorithm.slice(from, (algorithm.signedInt(Algo.ALG_KEY_LEN) + Byte.SIZE - 1) / Byte.SIZE));
    }

    /**
     * Reads NEWPOLICY, as a dump has it.
     *
     * @return empty for a policy whose selector has no address family: PF_KEY makes such for sockets, and none of ours
     *     can be meant
     */
    public static Optional<ObservedPolicy> policy(Frame frame) {
        return refusingNonsense(() -> policy(frame.payload(), attributes(frame, UserPolicyInfo.SIZE)));
    }

    /** What an entry of a dump is that cannot be read as a whole: by its identity, if its structure tells that. */
    public static String name(Frame frame) {
        boolean sa = frame.type() == XfrmMessage.NEWSA;
        try {
            return refusingNonsense(() -> sa ? saName(frame.payload()) : policyName(frame.payload()));
        } catch (MalformedMessageException e) {
            return sa ? "an SA" : "a policy";
        }
    }

    private static String saName(Bytes info) {
        return saId(info, requireFamily(info.unsignedShort(UserSaInfo.FAMILY)), XfrmMark.NONE)
                .toString();
    }

    private static String policyName(Bytes info) {
        return "policy %s %s"
                .formatted(
                        Numbers.policyDirection(info.unsignedByte(UserPolicyInfo.DIR))
                                .name()
                                .toLowerCase(Locale.ROOT),
                        selector(info.slice(UserPolicyInfo.SEL, Layout.Selector.SIZE))
                                .map(XfrmSelector::toString)
                                .orElse("of no address family"));
    }

    /** Reads NEWSADINFO. */
    public static SadSize sadSize(Frame frame) {
        Attributes attributes = Attributes.of(frame.payload(), Integer.BYTES, SadInfo.COUNT);
        return new SadSize(
                attributes.require(SadInfo.CNT).unsignedInt(0),
                attributes.require(SadInfo.HINFO).unsignedInt(SadInfo.HINFO_BUCKETS));
    }

    /** Reads what the kernel tells its listeners. */
    public static Notification.Event event(Frame frame) {
        return refusingNonsense(() -> switch (frame.type()) {
            case XfrmMessage.NEWSA -> new Notification.SaAdded(sa(frame));
            case XfrmMessage.UPDSA -> new Notification.SaUpdated(sa(frame));
            case XfrmMessage.DELSA -> saDeleted(frame);
            case XfrmMessage.EXPIRE -> saExpired(frame);
            case XfrmMessage.FLUSHSA ->
                new Notification.SasFlushed(IpProtocol.of(frame.payload().unsignedByte(UserSaFlush.PROTO)));
            case XfrmMessage.NEWPOLICY -> orOther(frame, policy(frame).map(Notification.PolicyAdded::new));
            case XfrmMessage.UPDPOLICY -> orOther(frame, policy(frame).map(Notification.PolicyUpdated::new));
            case XfrmMessage.DELPOLICY -> orOther(frame, deletedPolicy(frame).map(Notification.PolicyDeleted::new));
            case XfrmMessage.POLEXPIRE -> orOther(frame, policyExpired(frame));
            // It has no structure, only attributes: xfrm_notify_policy_flush in net/xfrm/xfrm_user.c
            case XfrmMessage.FLUSHPOLICY -> new Notification.PoliciesFlushed(policyType(attributes(frame, 0)));
            case XfrmMessage.ACQUIRE -> orOther(frame, acquire(frame));
            default -> new Notification.Other(frame.type());
        });
    }

    private static <T> T refusingNonsense(Supplier<T> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException e) {
            // A value that the model does not admit
            throw new MalformedMessageException(e);
        }
    }

    private static Attributes attributes(Frame frame, int structure) {
        return Attributes.of(frame.payload(), Netlink.align(structure), XfrmAttribute.COUNT);
    }

    private static Notification.Event orOther(Frame frame, Optional<? extends Notification.Event> event) {
        return event.isPresent() ? event.get() : new Notification.Other(frame.type());
    }

    /** {@code xfrm_notify_sa}: the identity stands first and the SA itself in an attribute. */
    private static Notification.SaDeleted saDeleted(Frame frame) {
        Attributes attributes = attributes(frame, UserSaId.SIZE);
        return new Notification.SaDeleted(sa(attributes.require(XfrmAttribute.SA), attributes));
    }

    private static Notification.SaExpired saExpired(Frame frame) {
        Bytes info = frame.payload().slice(UserExpire.STATE, UserSaInfo.SIZE);
        return new Notification.SaExpired(
                saId(
                        info,
                        requireFamily(info.unsignedShort(UserSaInfo.FAMILY)),
                        mark(attributes(frame, UserExpire.SIZE))),
                frame.payload().unsignedByte(UserExpire.HARD) != 0);
    }

    /** {@code xfrm_notify_policy}: the identity stands first and the policy itself in an attribute. */
    private static Optional<ObservedPolicy> deletedPolicy(Frame frame) {
        Attributes attributes = attributes(frame, UserPolicyId.SIZE);
        return policy(attributes.require(XfrmAttribute.POLICY), attributes);
    }

    private static Optional<Notification.PolicyExpired> policyExpired(Frame frame) {
        boolean hard = frame.payload().unsignedByte(UserPolicyExpire.HARD) != 0;
        return policy(frame.payload().from(UserPolicyExpire.POL), attributes(frame, UserPolicyExpire.SIZE))
                .map(policy -> new Notification.PolicyExpired(policy, hard));
    }

    private static Optional<Notification.Acquire> acquire(Frame frame) {
        Bytes payload = frame.payload();
        Attributes attributes = attributes(frame, UserAcquire.SIZE);
        Optional<XfrmSelector> packet = selector(payload.from(UserAcquire.SEL));
        Optional<ObservedPolicy> policy = policy(payload.from(UserAcquire.POLICY), attributes);
        return packet.flatMap(p -> policy.map(found -> new Notification.Acquire(p, found, ownerCpu(attributes))));
    }

    private static ObservedSa sa(Bytes info, Attributes attributes) {
        AddressFamily family = requireFamily(info.unsignedShort(UserSaInfo.FAMILY));
        Bytes stats = info.slice(UserSaInfo.STATS, Stats.SIZE);
        return new ObservedSa(
                saId(info, family, mark(attributes)),
                info.address(UserSaInfo.SADDR, family),
                attributes.find(XfrmAttribute.SA_DIR).map(dir -> Numbers.saDirection(dir.unsignedByte(0))),
                Numbers.mode(info.unsignedByte(UserSaInfo.MODE)),
                algorithms(attributes),
                info.unsignedInt(UserSaInfo.REQID),
                replay(info, attributes),
                ownerCpu(attributes),
                SaAttributes.read(info, family, attributes),
                counters(info.slice(UserSaInfo.CURLFT, LifetimeCurrent.SIZE)),
                ObservedSa.Errors.of(
                        stats.unsignedInt(Stats.REPLAY_WINDOW),
                        stats.unsignedInt(Stats.REPLAY),
                        stats.unsignedInt(Stats.INTEGRITY_FAILED)),
                features(attributes));
    }

    static Optional<XfrmOffload> offload(Attributes attributes) {
        return attributes
                .find(XfrmAttribute.OFFLOAD_DEV)
                .map(offload -> Numbers.offload(
                        offload.signedInt(UserOffload.IFINDEX), offload.unsignedByte(UserOffload.FLAGS)));
    }

    /** An attribute that is one number of 32 bits; 0 if it is missing. */
    static int number(Attributes attributes, int type) {
        return attributes.find(type).map(number -> number.signedInt(0)).orElse(0);
    }

    private static boolean isEspInUdp(Bytes encapsulation) {
        return encapsulation.unsignedShort(EncapTemplate.TYPE) == Numbers.UDP_ENCAP_ESPINUDP;
    }

    static Optional<EspInUdp> encapsulation(Attributes attributes, AddressFamily family) {
        return attributes
                .find(XfrmAttribute.ENCAP)
                .filter(XfrmDecoder::isEspInUdp)
                .map(encapsulation -> encapsulation(encapsulation, family));
    }

    private static EspInUdp encapsulation(Bytes bytes, AddressFamily family) {
        return new EspInUdp(
                bytes.bigEndianShort(EncapTemplate.SPORT),
                bytes.bigEndianShort(EncapTemplate.DPORT),
                bytes.allZero(EncapTemplate.OA, Layout.ADDRESS_SIZE)
                        ? Optional.empty()
                        : Optional.of(bytes.address(EncapTemplate.OA, family)));
    }

    static Optional<XfrmMark> outputMark(Attributes attributes) {
        return attributes
                .find(XfrmAttribute.SET_MARK)
                .map(value -> new XfrmMark(value.signedInt(0), number(attributes, XfrmAttribute.SET_MARK_MASK)));
    }

    private static SaId saId(Bytes info, AddressFamily family, XfrmMark mark) {
        Bytes id = info.slice(UserSaInfo.ID, Id.SIZE);
        return new SaId(
                id.address(Id.DADDR, family), IpProtocol.of(id.unsignedByte(Id.PROTO)), id.bigEndianInt(Id.SPI), mark);
    }

    private static Optional<Algorithms> algorithms(Attributes attributes) {
        Optional<Bytes> aead = attributes.find(XfrmAttribute.ALG_AEAD);
        if (aead.isPresent()) {
            return aead.map(XfrmDecoder::aead);
        }
        Optional<Cipher> cipher = attributes
                .find(XfrmAttribute.ALG_CRYPT)
                .map(algorithm -> new Cipher(name(algorithm), algorithm.signedInt(Algo.ALG_KEY_LEN)));
        Optional<AuthAlgorithm> integrity =
                attributes.find(XfrmAttribute.ALG_AUTH_TRUNC).map(XfrmDecoder::integrity);
        return cipher.isEmpty() && integrity.isEmpty()
                ? Optional.empty()
                : Optional.of(new CipherAndIntegrity(cipher, integrity));
    }

    private static Aead aead(Bytes algorithm) {
        return Aead.of(
                name(algorithm), algorithm.signedInt(AlgoAead.ALG_KEY_LEN), algorithm.signedInt(AlgoAead.ALG_ICV_LEN));
    }

    private static AuthAlgorithm integrity(Bytes algorithm) {
        return new AuthAlgorithm(
                name(algorithm),
                algorithm.signedInt(AlgoAuth.ALG_KEY_LEN),
                algorithm.signedInt(AlgoAuth.ALG_TRUNC_LEN));
    }

    /** The three structures of algorithms begin alike. */
    private static String name(Bytes algorithm) {
        return algorithm.text(AlgoAead.ALG_NAME, AlgoAead.ALG_NAME_SIZE);
    }

    private static ReplayState replay(Bytes info, Attributes attributes) {
        return attributes
                .find(XfrmAttribute.REPLAY_ESN_VAL)
                .map(XfrmDecoder::extendedReplay)
                .or(() -> attributes.find(XfrmAttribute.REPLAY_VAL).map(state -> plainReplay(info, state)))
                .orElseGet(() -> new ReplayState(info.unsignedByte(UserSaInfo.REPLAY_WINDOW), 0, 0));
    }

    private static ReplayState extendedReplay(Bytes state) {
        return new ReplayState(
                state.signedInt(ReplayStateEsn.REPLAY_WINDOW),
                state.unsignedInt(ReplayStateEsn.SEQ_HI) << Integer.SIZE | state.unsignedInt(ReplayStateEsn.SEQ),
                state.unsignedInt(ReplayStateEsn.OSEQ_HI) << Integer.SIZE | state.unsignedInt(ReplayStateEsn.OSEQ));
    }

    private static ReplayState plainReplay(Bytes info, Bytes state) {
        return new ReplayState(
                info.unsignedByte(UserSaInfo.REPLAY_WINDOW),
                state.unsignedInt(Layout.ReplayState.SEQ),
                state.unsignedInt(Layout.ReplayState.OSEQ));
    }

    private static OptionalInt ownerCpu(Attributes attributes) {
        Optional<Bytes> cpu = attributes.find(XfrmAttribute.SA_PCPU);
        return cpu.isPresent() ? OptionalInt.of(cpu.get().signedInt(0)) : OptionalInt.empty();
    }

    private static Set<ObservedSa.Feature> features(Attributes attributes) {
        Set<ObservedSa.Feature> features = EnumSet.noneOf(ObservedSa.Feature.class);
        if (attributes.has(XfrmAttribute.ALG_COMP)) {
            features.add(ObservedSa.Feature.COMPRESSION);
        }
        if (attributes.has(XfrmAttribute.COADDR)) {
            features.add(ObservedSa.Feature.CARE_OF_ADDRESS);
        }
        if (attributes.has(XfrmAttribute.NAT_KEEPALIVE_INTERVAL)) {
            features.add(ObservedSa.Feature.NAT_KEEPALIVE);
        }
        if (attributes
                .find(XfrmAttribute.ENCAP)
                .filter(found -> !isEspInUdp(found))
                .isPresent()) {
            features.add(ObservedSa.Feature.OTHER_ENCAPSULATION);
        }
        if (!SaFlag.areKnown(number(attributes, XfrmAttribute.SA_EXTRA_FLAGS))) {
            features.add(ObservedSa.Feature.UNKNOWN_FLAGS);
        }
        return features;
    }

    private static Optional<ObservedPolicy> policy(Bytes info, Attributes attributes) {
        return selector(info.slice(UserPolicyInfo.SEL, Layout.Selector.SIZE))
                .map(selector -> new ObservedPolicy(
                        new PolicyId(
                                Numbers.policyDirection(info.unsignedByte(UserPolicyInfo.DIR)),
                                selector,
                                mark(attributes),
                                Integer.toUnsignedLong(number(attributes, XfrmAttribute.IF_ID)),
                                policyType(attributes)),
                        info.unsignedInt(UserPolicyInfo.PRIORITY),
                        Numbers.action(info.unsignedByte(UserPolicyInfo.ACTION)),
                        attributes
                                .find(XfrmAttribute.TMPL)
                                .map(XfrmDecoder::templates)
                                .orElse(List.of()),
                        info.unsignedInt(UserPolicyInfo.INDEX),
                        info.unsignedByte(UserPolicyInfo.FLAGS),
                        offload(attributes),
                        lifetime(info.slice(UserPolicyInfo.LFT, LifetimeConfig.SIZE)),
                        counters(info.slice(UserPolicyInfo.CURLFT, LifetimeCurrent.SIZE))));
    }

    private static PolicyId.Type policyType(Attributes attributes) {
        return attributes
                .find(XfrmAttribute.POLICY_TYPE)
                .map(type -> Numbers.policyType(type.unsignedByte(UserPolicyType.TYPE)))
                .orElse(PolicyId.Type.MAIN);
    }

    private static List<Template> templates(Bytes array) {
        List<Template> templates = new ArrayList<>();
        for (int at = 0; at < array.size(); at += UserTemplate.SIZE) {
            templates.add(template(array.slice(at, UserTemplate.SIZE)));
        }
        return templates;
    }

    private static Template template(Bytes bytes) {
        AddressFamily family = requireFamily(bytes.unsignedShort(UserTemplate.FAMILY));
        boolean anyEnds = bytes.allZero(UserTemplate.ID + Id.DADDR, Layout.ADDRESS_SIZE)
                && bytes.allZero(UserTemplate.SADDR, Layout.ADDRESS_SIZE);
        return new Template(
                IpProtocol.of(bytes.unsignedByte(UserTemplate.ID + Id.PROTO)),
                Numbers.mode(bytes.unsignedByte(UserTemplate.MODE)),
                bytes.unsignedInt(UserTemplate.REQID),
                anyEnds
                        ? Optional.empty()
                        : Optional.of(new Template.Ends(
                                bytes.address(UserTemplate.SADDR, family),
                                bytes.address(UserTemplate.ID + Id.DADDR, family))),
                bytes.bigEndianInt(UserTemplate.ID + Id.SPI),
                bytes.unsignedByte(UserTemplate.OPTIONAL) == 0 ? Template.Level.REQUIRED : Template.Level.USE,
                family);
    }

    /** Empty if it has no family, and so takes both. */
    static Optional<XfrmSelector> selector(Bytes bytes) {
        return Numbers.family(bytes.unsignedShort(Layout.Selector.FAMILY))
                .map(family -> new XfrmSelector(
                        new Prefix(
                                bytes.address(Layout.Selector.SADDR, family),
                                bytes.unsignedByte(Layout.Selector.PREFIXLEN_S)),
                        new Prefix(
                                bytes.address(Layout.Selector.DADDR, family),
                                bytes.unsignedByte(Layout.Selector.PREFIXLEN_D)),
                        IpProtocol.of(bytes.unsignedByte(Layout.Selector.PROTO)),
                        new PortMatch(
                                bytes.bigEndianShort(Layout.Selector.SPORT),
                                bytes.bigEndianShort(Layout.Selector.SPORT_MASK)),
                        new PortMatch(
                                bytes.bigEndianShort(Layout.Selector.DPORT),
                                bytes.bigEndianShort(Layout.Selector.DPORT_MASK)),
                        bytes.signedInt(Layout.Selector.IFINDEX),
                        bytes.unsignedInt(Layout.Selector.USER)));
    }

    private static XfrmMark mark(Attributes attributes) {
        return attributes
                .find(XfrmAttribute.MARK)
                .map(mark -> new XfrmMark(mark.signedInt(Layout.Mark.V), mark.signedInt(Layout.Mark.M)))
                .orElse(XfrmMark.NONE);
    }

    static Lifetime lifetime(Bytes config) {
        Lifetime none = Lifetime.INFINITE;
        Lifetime.Limit bytes =
                limit(config, LifetimeConfig.SOFT_BYTE_LIMIT, LifetimeConfig.HARD_BYTE_LIMIT, none.bytes());
        Lifetime.Limit packets =
                limit(config, LifetimeConfig.SOFT_PACKET_LIMIT, LifetimeConfig.HARD_PACKET_LIMIT, none.packets());
        Lifetime.Limit sinceAdd = limit(
                config,
                LifetimeConfig.SOFT_ADD_EXPIRES_SECONDS,
                LifetimeConfig.HARD_ADD_EXPIRES_SECONDS,
                none.secondsSinceAdd());
        Lifetime.Limit sinceUse = limit(
                config,
                LifetimeConfig.SOFT_USE_EXPIRES_SECONDS,
                LifetimeConfig.HARD_USE_EXPIRES_SECONDS,
                none.secondsSinceUse());
        boolean infinite = bytes == none.bytes()
                && packets == none.packets()
                && sinceAdd == none.secondsSinceAdd()
                && sinceUse == none.secondsSinceUse();
        return infinite ? none : new Lifetime(bytes, packets, sinceAdd, sinceUse);
    }

    /** One value for all that have no limit. */
    private static Lifetime.Limit limit(Bytes config, int softAt, int hardAt, Lifetime.Limit none) {
        long soft = config.longAt(softAt);
        long hard = config.longAt(hardAt);
        return soft == none.soft() && hard == none.hard() ? none : new Lifetime.Limit(soft, hard);
    }

    private static LifetimeCounters counters(Bytes current) {
        return new LifetimeCounters(
                current.longAt(LifetimeCurrent.BYTES),
                current.longAt(LifetimeCurrent.PACKETS),
                instant(current.longAt(LifetimeCurrent.ADD_TIME)),
                Optional.of(current.longAt(LifetimeCurrent.USE_TIME))
                        .filter(seconds -> seconds != 0)
                        .map(XfrmDecoder::instant));
    }

    /** Whoever installs an SA may set any time (XFRMA_LTIME_VAL), even one that Java cannot express. */
    private static Instant instant(long seconds) {
        boolean expressible = seconds >= 0 && seconds <= Instant.MAX.getEpochSecond();
        return expressible ? Instant.ofEpochSecond(seconds) : Instant.MAX;
    }

    private static AddressFamily requireFamily(int number) {
        return Numbers.family(number).orElseThrow(() -> new MalformedMessageException("an address has no family"));
    }
}
