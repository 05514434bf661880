package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Algorithms;
import io.ipsecxdp.xfrm.AuthAlgorithm;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Cipher;
import io.ipsecxdp.xfrm.CipherAndIntegrity;
import io.ipsecxdp.xfrm.EspInUdp;
import io.ipsecxdp.xfrm.KernelSa;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyFlag;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmOffload;
import io.ipsecxdp.xfrm.XfrmSelector;
import io.ipsecxdp.xfrm.codec.Layout.Algo;
import io.ipsecxdp.xfrm.codec.Layout.AlgoAead;
import io.ipsecxdp.xfrm.codec.Layout.AlgoAuth;
import io.ipsecxdp.xfrm.codec.Layout.EncapTemplate;
import io.ipsecxdp.xfrm.codec.Layout.Id;
import io.ipsecxdp.xfrm.codec.Layout.LifetimeConfig;
import io.ipsecxdp.xfrm.codec.Layout.ReplayState;
import io.ipsecxdp.xfrm.codec.Layout.ReplayStateEsn;
import io.ipsecxdp.xfrm.codec.Layout.UserOffload;
import io.ipsecxdp.xfrm.codec.Layout.UserPolicyId;
import io.ipsecxdp.xfrm.codec.Layout.UserPolicyInfo;
import io.ipsecxdp.xfrm.codec.Layout.UserPolicyType;
import io.ipsecxdp.xfrm.codec.Layout.UserSaId;
import io.ipsecxdp.xfrm.codec.Layout.UserSaInfo;
import io.ipsecxdp.xfrm.codec.Layout.UserSpiInfo;
import io.ipsecxdp.xfrm.codec.Layout.UserTemplate;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;

/** Writes requests to the kernel. */
public final class XfrmEncoder {

    /** Room that {@link MessageWriter#remaining()} must show before a request is written: the largest needs 2 KiB. */
    public static final int LARGEST_REQUEST = 4096;

    private static final int DUMP = Netlink.NLM_F_REQUEST | Netlink.NLM_F_DUMP;

    /** Above this a window needs the bitmap of {@code XFRMA_REPLAY_ESN_VAL} ({@code struct xfrm_replay_state}). */
    private static final int LARGEST_PLAIN_WINDOW = 32;

    private static final int ANY_ALGORITHM = -1;

    /** Bits of a replay window. */
    private static final int ALL_RECEIVED = -1;

    private final MessageWriter out;

    public XfrmEncoder(MessageWriter out) {
        this.out = out;
    }

    /** A request that the kernel answers if it refuses it, or if {@link MessageWriter#acknowledgeLast} asks it to. */
    public void change(int sequence, Change change, XfrmCapabilities capabilities) {
        switch (change) {
            case Change.AddSa(Sa sa, KeyMaterial key, long lastSequence) ->
                putSa(XfrmMessage.NEWSA, sequence, sa, key, lastSequence, capabilities);
            case Change.ChangeLifetime(Sa sa) -> changeLifetime(sequence, sa, capabilities);
            case Change.DeleteSa(SaId id) -> saById(XfrmMessage.DELSA, Netlink.NLM_F_REQUEST, sequence, id);
            case Change.AddPolicy(Policy policy) -> putPolicy(XfrmMessage.NEWPOLICY, sequence, policy);
            case Change.ReplacePolicy(Policy policy) -> putPolicy(XfrmMessage.UPDPOLICY, sequence, policy);
            case Change.DeletePolicy(PolicyId id) ->
                policyById(XfrmMessage.DELPOLICY, Netlink.NLM_F_REQUEST, sequence, id);
        }
    }

    private void changeLifetime(int sequence, Sa sa, XfrmCapabilities capabilities) {
        try (KeyMaterial unused = KeyMaterial.random(sa.algorithms().keyBytes())) {
            putSa(XfrmMessage.UPDSA, sequence, sa, unused, 0, capabilities);
        }
    }

    /** An SA is added with NEWSA, never with UPDSA: so EEXIST tells that the identity is taken. */
    private void putSa(
            int type, int sequence, Sa sa, KeyMaterial key, long lastSequence, XfrmCapabilities capabilities) {
        KernelSa kernelSa = KernelSa.of(sa, capabilities);
        int info = out.begin(type, Netlink.NLM_F_REQUEST, sequence, UserSaInfo.SIZE);
        putIdentity(info, sa.id(), sa.source());
        buffer().putInt(info + UserSaInfo.REQID, (int) sa.reqid());
        buffer().put(info + UserSaInfo.MODE, (byte) Numbers.of(sa.mode()));
        attributesOf(sa.algorithms(), key);
        if (sa.esn() || kernelSa.replayWindow() > LARGEST_PLAIN_WINDOW) {
            attributeReplayEsn(sa.direction(), kernelSa.replayWindow(), lastSequence);
        } else {
            buffer().put(info + UserSaInfo.REPLAY_WINDOW, (byte) kernelSa.replayWindow());
            attributeReplay(sa.direction(), lastSequence);
        }
        attributeMark(sa.id().mark());
        if (kernelSa.direction().isPresent()) {
            attributeDirection(kernelSa.direction().get());
        }
        attributeOwnerCpu(kernelSa.ownerCpu());
        for (SaAttributes.Row row : SaAttributes.ROWS) {
            row.write().write(this, info, kernelSa.options(), sa.direction());
        }
        out.end();
    }

    /**
     * Reserves an SPI: the kernel makes a larval SA, with or without ESP, and answers with it. It ends by itself after
     * {@code net.core.xfrm_acq_expires} seconds.
     *
     * @param ownerCpu asked for together with a direction
     */
    public void reserveSpi(int sequence, SaId id, InetAddress source, SaDir direction, OptionalInt ownerCpu) {
        int request = out.begin(XfrmMessage.ALLOCSPI, Netlink.NLM_F_REQUEST, sequence, UserSpiInfo.SIZE);
        int info = request + UserSpiInfo.INFO;
        putIdentity(info, id, source);
        buffer().putInt(request + UserSpiInfo.MIN, (int) id.spi());
        buffer().putInt(request + UserSpiInfo.MAX, (int) id.spi());
        attributeMark(id.mark());
        attributeDirection(direction);
        attributeOwnerCpu(ownerCpu);
        out.end();
    }

    /** The kernel answers with NEWSA, or with an error. */
    public void getSa(int sequence, SaId id) {
        saById(XfrmMessage.GETSA, Netlink.NLM_F_REQUEST, sequence, id);
    }

    /** The kernel answers with NEWPOLICY, or with an error. */
    public void getPolicy(int sequence, PolicyId id) {
        policyById(XfrmMessage.GETPOLICY, Netlink.NLM_F_REQUEST, sequence, id);
    }

    public void dumpSas(int sequence) {
        out.begin(XfrmMessage.GETSA, DUMP, sequence, 0);
        out.end();
    }

    /** The kernel answers with the size of the SAD, see {@link XfrmDecoder#sadSize}. */
    public void getSadSize(int sequence) {
        out.begin(XfrmMessage.GETSADINFO, Netlink.NLM_F_REQUEST, sequence, Integer.BYTES);
        out.end();
    }

    public void dumpPolicies(int sequence) {
        out.begin(XfrmMessage.GETPOLICY, DUMP, sequence, 0);
        out.end();
    }

    private void saById(int type, int flags, int sequence, SaId id) {
        int request = out.begin(type, flags, sequence, UserSaId.SIZE);
        putAddress(request + UserSaId.DADDR, id.destination());
        putBigEndianInt(request + UserSaId.SPI, (int) id.spi());
        buffer().putShort(request + UserSaId.FAMILY, (short) Numbers.of(AddressFamily.of(id.destination())));
        buffer().put(request + UserSaId.PROTO, (byte) id.protocol().number());
        attributeMark(id.mark());
        out.end();
    }

    private void putPolicy(int type, int sequence, Policy policy) {
        PolicyId id = policy.id();
        int info = out.begin(type, Netlink.NLM_F_REQUEST, sequence, UserPolicyInfo.SIZE);
        putSelector(info + UserPolicyInfo.SEL, id.selector());
        putLifetime(info + UserPolicyInfo.LFT, Lifetime.INFINITE);
        buffer().putInt(info + UserPolicyInfo.PRIORITY, (int) policy.priority());
        buffer().put(info + UserPolicyInfo.DIR, (byte) Numbers.of(id.direction()));
        buffer().put(info + UserPolicyInfo.ACTION, (byte) Numbers.of(policy.action()));
        buffer().put(info + UserPolicyInfo.FLAGS, (byte) PolicyFlag.bits(policy.flags()));
        if (!policy.templates().isEmpty()) {
            int templates = out.attribute(XfrmAttribute.TMPL, policy.templates().size() * UserTemplate.SIZE);
            for (int i = 0; i < policy.templates().size(); i++) {
                putTemplate(
                        templates + i * UserTemplate.SIZE, policy.templates().get(i));
            }
        }
        attributesOf(id);
        policy.offload().ifPresent(device -> attributeOffload(device, Numbers.XFRM_OFFLOAD_PACKET));
        out.end();
    }

    private void policyById(int type, int flags, int sequence, PolicyId id) {
        int request = out.begin(type, flags, sequence, UserPolicyId.SIZE);
        putSelector(request + UserPolicyId.SEL, id.selector());
        buffer().put(request + UserPolicyId.DIR, (byte) Numbers.of(id.direction()));
        attributesOf(id);
        out.end();
    }

    private void attributesOf(PolicyId id) {
        attributeMark(id.mark());
        attributeUnlessZero(XfrmAttribute.IF_ID, id.interfaceId());
        if (id.type() != PolicyId.Type.MAIN) {
            int type = out.attribute(XfrmAttribute.POLICY_TYPE, UserPolicyType.SIZE);
            buffer().put(type + UserPolicyType.TYPE, (byte) Numbers.of(id.type()));
        }
    }

    private void attributesOf(Algorithms algorithms, KeyMaterial key) {
        switch (algorithms) {
            case Aead aead -> {
                int at = algorithm(XfrmAttribute.ALG_AEAD, AlgoAead.ALG_KEY, aead.kernelName(), aead.keyBits());
                buffer().putInt(at + AlgoAead.ALG_ICV_LEN, aead.icvBits());
                putKey(at + AlgoAead.ALG_KEY, key, 0, aead.keyBytes());
            }
            case CipherAndIntegrity(Optional<Cipher> cipher, Optional<AuthAlgorithm> integrity) -> {
                cipher.ifPresent(encryption -> {
                    int at = algorithm(
                            XfrmAttribute.ALG_CRYPT, Algo.ALG_KEY, encryption.kernelName(), encryption.keyBits());
                    putKey(at + Algo.ALG_KEY, key, 0, encryption.keyBytes());
                });
                integrity.ifPresent(mac -> {
                    int at = algorithm(XfrmAttribute.ALG_AUTH_TRUNC, AlgoAuth.ALG_KEY, mac.kernelName(), mac.keyBits());
                    buffer().putInt(at + AlgoAuth.ALG_TRUNC_LEN, mac.icvBits());
                    int before = cipher.map(Cipher::keyBytes).orElse(0);
                    putKey(at + AlgoAuth.ALG_KEY, key, before, mac.keyBytes());
                });
            }
        }
    }

    /** The three structures of algorithms begin alike; gives the offset of this one. */
    private int algorithm(int attribute, int size, String kernelName, int keyBits) {
        int at = out.attribute(attribute, size + (keyBits + 7) / 8);
        buffer().put(at + Algo.ALG_NAME, kernelName.getBytes(StandardCharsets.US_ASCII));
        buffer().putInt(at + Algo.ALG_KEY_LEN, keyBits);
        return at;
    }

    private void putKey(int at, KeyMaterial key, int from, int length) {
        key.writeTo(buffer(), at, from, length);
    }

    void attributeEncapsulation(EspInUdp encapsulation) {
        int at = out.attribute(XfrmAttribute.ENCAP, EncapTemplate.SIZE);
        buffer().putShort(at + EncapTemplate.TYPE, (short) Numbers.UDP_ENCAP_ESPINUDP);
        putBigEndianShort(at + EncapTemplate.SPORT, encapsulation.sourcePort());
        putBigEndianShort(at + EncapTemplate.DPORT, encapsulation.destinationPort());
        encapsulation.originalAddress().ifPresent(address -> putAddress(at + EncapTemplate.OA, address));
    }

    void attributeOffload(XfrmOffload offload, int flags) {
        int at = out.attribute(XfrmAttribute.OFFLOAD_DEV, UserOffload.SIZE);
        buffer().putInt(at + UserOffload.IFINDEX, offload.interfaceIndex());
        buffer().put(at + UserOffload.FLAGS, (byte) flags);
    }

    /**
     * The bitmap of a new SA is left out, and the kernel makes it itself ({@code xfrm_alloc_replay_state_esn} in
     * net/xfrm/xfrm_user.c). In that of an inbound SA that goes on, all that the window covers counts as received.
     */
    private void attributeReplayEsn(SaDir direction, int window, long lastSequence) {
        int words = (window + Integer.SIZE - 1) / Integer.SIZE;
        boolean received = direction == SaDir.IN && lastSequence != 0;
        int state = out.attribute(
                XfrmAttribute.REPLAY_ESN_VAL, ReplayStateEsn.BMP + (received ? words * Integer.BYTES : 0));
        buffer().putInt(state + ReplayStateEsn.BMP_LEN, words);
        buffer().putInt(state + (received ? ReplayStateEsn.SEQ : ReplayStateEsn.OSEQ), (int) lastSequence);
        buffer().putInt(state + (received ? ReplayStateEsn.SEQ_HI : ReplayStateEsn.OSEQ_HI), (int)
                (lastSequence >>> Integer.SIZE));
        buffer().putInt(state + ReplayStateEsn.REPLAY_WINDOW, window);
        for (int i = 0; received && i < words; i++) {
            buffer().putInt(state + ReplayStateEsn.BMP + i * Integer.BYTES, ALL_RECEIVED);
        }
    }

    private void attributeReplay(SaDir direction, long lastSequence) {
        if (lastSequence == 0) {
            return;
        }
        int state = out.attribute(XfrmAttribute.REPLAY_VAL, ReplayState.SIZE);
        if (direction == SaDir.IN) {
            buffer().putInt(state + ReplayState.SEQ, (int) lastSequence);
            buffer().putInt(state + ReplayState.BITMAP, ALL_RECEIVED);
        } else {
            buffer().putInt(state + ReplayState.OSEQ, (int) lastSequence);
        }
    }

    private void attributeMark(XfrmMark mark) {
        if (mark.value() != 0 || mark.mask() != 0) {
            int attribute = out.attribute(XfrmAttribute.MARK, Layout.Mark.SIZE);
            buffer().putInt(attribute + Layout.Mark.V, mark.value());
            buffer().putInt(attribute + Layout.Mark.M, mark.mask());
        }
    }

    private void attributeDirection(SaDir direction) {
        buffer().put(out.attribute(XfrmAttribute.SA_DIR, Byte.BYTES), (byte) Numbers.of(direction));
    }

    private void attributeOwnerCpu(OptionalInt cpu) {
        if (cpu.isPresent()) {
            attributeInt(XfrmAttribute.SA_PCPU, cpu.getAsInt());
        }
    }

    void attributeUnlessZero(int type, long value) {
        if (value != 0) {
            attributeInt(type, (int) value);
        }
    }

    void attributeInt(int type, int value) {
        buffer().putInt(out.attribute(type, Integer.BYTES), value);
    }

    private void putIdentity(int info, SaId id, InetAddress source) {
        int at = info + UserSaInfo.ID;
        putAddress(at + Id.DADDR, id.destination());
        putBigEndianInt(at + Id.SPI, (int) id.spi());
        buffer().put(at + Id.PROTO, (byte) id.protocol().number());
        putAddress(info + UserSaInfo.SADDR, source);
        buffer().putShort(info + UserSaInfo.FAMILY, (short) Numbers.of(AddressFamily.of(source)));
    }

    void putSelector(int at, XfrmSelector selector) {
        putAddress(at + Layout.Selector.DADDR, selector.destination().address());
        putAddress(at + Layout.Selector.SADDR, selector.source().address());
        putPorts(at + Layout.Selector.DPORT, at + Layout.Selector.DPORT_MASK, selector.destinationPort());
        putPorts(at + Layout.Selector.SPORT, at + Layout.Selector.SPORT_MASK, selector.sourcePort());
        buffer().putShort(at + Layout.Selector.FAMILY, (short) Numbers.of(selector.family()));
        buffer().put(at + Layout.Selector.PREFIXLEN_D, (byte)
                selector.destination().length());
        buffer().put(at + Layout.Selector.PREFIXLEN_S, (byte) selector.source().length());
        buffer().put(at + Layout.Selector.PROTO, (byte) selector.upperProtocol().number());
        buffer().putInt(at + Layout.Selector.IFINDEX, selector.interfaceIndex());
        buffer().putInt(at + Layout.Selector.USER, (int) selector.user());
    }

    private void putTemplate(int at, Template template) {
        template.ends().ifPresent(ends -> {
            putAddress(at + UserTemplate.ID + Id.DADDR, ends.destination());
            putAddress(at + UserTemplate.SADDR, ends.source());
        });
        putBigEndianInt(at + UserTemplate.ID + Id.SPI, (int) template.spi());
        buffer().put(at + UserTemplate.ID + Id.PROTO, (byte) template.protocol().number());
        buffer().putShort(at + UserTemplate.FAMILY, (short) Numbers.of(template.family()));
        buffer().putInt(at + UserTemplate.REQID, (int) template.reqid());
        buffer().put(at + UserTemplate.MODE, (byte) Numbers.of(template.mode()));
        buffer().put(at + UserTemplate.OPTIONAL, (byte) (template.level() == Template.Level.USE ? 1 : 0));
        buffer().putInt(at + UserTemplate.AALGOS, ANY_ALGORITHM);
        buffer().putInt(at + UserTemplate.EALGOS, ANY_ALGORITHM);
        buffer().putInt(at + UserTemplate.CALGOS, ANY_ALGORITHM);
    }

    void putLifetime(int at, Lifetime lifetime) {
        buffer().putLong(at + LifetimeConfig.SOFT_BYTE_LIMIT, lifetime.bytes().soft());
        buffer().putLong(at + LifetimeConfig.HARD_BYTE_LIMIT, lifetime.bytes().hard());
        buffer().putLong(
                        at + LifetimeConfig.SOFT_PACKET_LIMIT,
                        lifetime.packets().soft());
        buffer().putLong(
                        at + LifetimeConfig.HARD_PACKET_LIMIT,
                        lifetime.packets().hard());
        buffer().putLong(
                        at + LifetimeConfig.SOFT_ADD_EXPIRES_SECONDS,
                        lifetime.secondsSinceAdd().soft());
        buffer().putLong(
                        at + LifetimeConfig.HARD_ADD_EXPIRES_SECONDS,
                        lifetime.secondsSinceAdd().hard());
        buffer().putLong(
                        at + LifetimeConfig.SOFT_USE_EXPIRES_SECONDS,
                        lifetime.secondsSinceUse().soft());
        buffer().putLong(
                        at + LifetimeConfig.HARD_USE_EXPIRES_SECONDS,
                        lifetime.secondsSinceUse().hard());
    }

    void putByte(int at, int value) {
        buffer().put(at, (byte) value);
    }

    private void putAddress(int at, InetAddress address) {
        buffer().put(at, address.getAddress());
    }

    private void putPorts(int at, int maskAt, PortMatch ports) {
        putBigEndianShort(at, ports.port());
        putBigEndianShort(maskAt, ports.mask());
    }

    private void putBigEndianShort(int at, int value) {
        buffer().put(at, (byte) (value >>> Byte.SIZE));
        buffer().put(at + 1, (byte) value);
    }

    private void putBigEndianInt(int at, int value) {
        putBigEndianShort(at, value >>> Short.SIZE);
        putBigEndianShort(at + Short.BYTES, value);
    }

    private ByteBuffer buffer() {
        return out.buffer();
    }
}
