package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.IntegrityAlgorithm;
import io.ipsecxdp.crds.IpsecProtocol;
import io.ipsecxdp.crds.LifetimeLimits;
import io.ipsecxdp.crds.Lifetimes;
import io.ipsecxdp.crds.Offload;
import io.ipsecxdp.crds.OffloadType;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSelector;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaTerms;
import io.ipsecxdp.crds.TunnelHeader;
import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Algorithms;
import io.ipsecxdp.xfrm.AuthAlgorithm;
import io.ipsecxdp.xfrm.Cipher;
import io.ipsecxdp.xfrm.CipherAndIntegrity;
import io.ipsecxdp.xfrm.EspInUdp;
import io.ipsecxdp.xfrm.IpLiterals;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyFlag;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaFlag;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** Translates what one plan says into what a kernel takes. What is the same for many SAs is one value. */
public final class ToKernel {

    /** The entry names an interface that the node does not have at present. */
    static final class NoSuchInterfaceException extends RuntimeException {
        private static final long serialVersionUID = 1;

        NoSuchInterfaceException(String name) {
            super("Waits for the interface %s, which this node does not have.".formatted(name));
        }
    }

    private final Map<String, Integer> interfaces;
    private final Map<String, InetAddress> addresses = new HashMap<>();

    /** @param interfaces index of each interface of the node, by name */
    ToKernel(Map<String, Integer> interfaces) {
        this.interfaces = interfaces;
    }

    /**
     * @throws IllegalArgumentException with a sentence for the user, if no kernel takes the entry
     * @throws NoSuchInterfaceException if it is to be offloaded to an interface that is not there
     */
    DesiredSa sa(PlannedSa planned, String slice) {
        boolean outbound = planned.direction() == io.ipsecxdp.crds.SaDirection.Out;
        SaTerms terms = planned.terms();
        SaId id = new SaId(
                address(planned.destination()),
                protocol(terms.ipsecProtocol()),
                planned.spi(),
                terms.lookupMark().map(ToKernel::mark).orElse(XfrmMark.NONE));
        SaOptions options = SaOptions.NONE
                .with()
                .lifetime(terms.lifetimes().map(ToKernel::lifetime).orElse(Lifetime.INFINITE))
                .flags(outbound ? outboundFlags(terms) : inboundFlags(terms))
                .selector(planned.selected().map(ToKernel::selector))
                .encapsulation(terms.inUdp().map(ToKernel::encapsulation))
                .outputMark(terms.givenMark().map(ToKernel::mark))
                .interfaceId(terms.xfrmInterface().orElse(0L))
                .tfcPadding(outbound ? terms.paddedTo().orElse(0) : 0)
                .offload(planned.hardware().map(this::offload))
                .build();
        Sa sa = SaBuilder.builder()
                .id(id)
                .source(address(planned.source()))
                .direction(outbound ? SaDir.OUT : SaDir.IN)
                .mode(mode(terms.mode()))
                .algorithms(algorithms(planned.encryption()))
                .reqid(terms.reqid())
                .replayWindow(outbound ? 0 : terms.replayWindow())
                .esn(terms.esn())
                .ownerCpu(planned.ownerCpu().map(OptionalInt::of).orElseGet(OptionalInt::empty))
                .options(options.equals(SaOptions.NONE) ? SaOptions.NONE : options)
                .build();
        return new DesiredSa(
                planned.name(),
                Origin.of(planned.uid(), planned.childName()),
                slice,
                sa,
                new KeySource.InSecret(planned.encryption()));
    }

    /**
     * @throws IllegalArgumentException with a sentence for the user, if no kernel takes the entry
     * @throws NoSuchInterfaceException if it is for the packets of an interface, or to be applied by one, that is not there
     */
    DesiredPolicy policy(PlannedPolicy planned, String slice) {
        XfrmSelector everywhere = selector(planned.selector());
        XfrmSelector selector =
                planned.onlyInterface().map(name -> everywhere.on(index(name))).orElse(everywhere);
        Set<PolicyFlag> flags = EnumSet.noneOf(PolicyFlag.class);
        if (planned.takesIcmpErrors()) {
            flags.add(PolicyFlag.ICMP);
        }
        if (planned.acquiresPerCpu()) {
            flags.add(PolicyFlag.PER_CPU_ACQUIRE);
        }
        PolicyId id = new PolicyId(
                direction(planned.direction()),
                selector,
                planned.lookupMark().map(ToKernel::mark).orElse(XfrmMark.NONE),
                planned.xfrmInterface().orElse(0L),
                PolicyId.Type.MAIN);
        Policy policy = new Policy(
                id,
                planned.priority(),
                switch (planned.action()) {
                    case Protect, Bypass -> Policy.Action.ALLOW;
                    case Discard -> Policy.Action.BLOCK;
                },
                Stream.of(planned.protection(), planned.formerProtection())
                        .flatMap(Optional::stream)
                        .map(template -> template(template, selector.family()))
                        .toList(),
                flags,
                planned.hardware().map(this::offload));
        return new DesiredPolicy(planned.name(), Origin.of(planned.uid(), planned.childName()), slice, policy);
    }

    static PolicyDir direction(io.ipsecxdp.crds.PolicyDirection direction) {
        return switch (direction) {
            case Out -> PolicyDir.OUT;
            case In -> PolicyDir.IN;
            case Forward -> PolicyDir.FORWARD;
        };
    }

    /** @throws IllegalArgumentException for a direction that is never planned */
    public static io.ipsecxdp.crds.PolicyDirection planned(PolicyDir direction) {
        return switch (direction) {
            case OUT -> io.ipsecxdp.crds.PolicyDirection.Out;
            case IN -> io.ipsecxdp.crds.PolicyDirection.In;
            case FORWARD -> io.ipsecxdp.crds.PolicyDirection.Forward;
            case SOCKET_IN, SOCKET_OUT, SOCKET_FORWARD ->
                throw new IllegalArgumentException("nobody plans a policy for " + direction);
        };
    }

    /** The plan has one group of settings for both ends; {@code verify_newsa_info} refuses those of the other direction. */
    private static Set<SaFlag> outboundFlags(SaTerms terms) {
        TunnelHeader header = terms.outerHeader();
        Set<SaFlag> flags = EnumSet.noneOf(SaFlag.class);
        add(flags, SaFlag.NO_ECN, !header.carriesEcn());
        add(flags, SaFlag.DONT_ENCAP_DSCP, !header.copiesDscpToOuter());
        add(flags, SaFlag.NO_PATH_MTU_DISCOVERY, !header.discoversPathMtu());
        add(flags, SaFlag.SEQUENCE_MAY_WRAP, terms.mayWrap());
        return SaFlag.of(flags);
    }

    private static Set<SaFlag> inboundFlags(SaTerms terms) {
        TunnelHeader header = terms.outerHeader();
        Set<SaFlag> flags = EnumSet.noneOf(SaFlag.class);
        add(flags, SaFlag.NO_ECN, !header.carriesEcn());
        add(flags, SaFlag.DECAP_DSCP, header.copiesDscpToInner());
        add(flags, SaFlag.ICMP, terms.takesIcmpErrors());
        return SaFlag.of(flags);
    }

    private static void add(Set<SaFlag> flags, SaFlag flag, boolean wanted) {
        if (wanted) {
            flags.add(flag);
        }
    }

    private static Algorithms algorithms(Protection protection) {
        Optional<AuthAlgorithm> integrity = protection.integrityAlgorithm().map(ToKernel::integrity);
        Optional<EncryptionAlgorithm> encryption = protection.encryption();
        if (encryption.isEmpty()) {
            return new CipherAndIntegrity(Optional.empty(), integrity);
        }
        EncryptionAlgorithm algorithm = encryption.get();
        int keyBits = (protection.layout().encryptionBytes() + algorithm.saltBytes()) * Byte.SIZE;
        return switch (algorithm.kind()) {
            case AEAD -> {
                if (integrity.isPresent()) {
                    throw new IllegalArgumentException(
                            "%s protects integrity itself and takes no other algorithm for it".formatted(algorithm));
                }
                yield Aead.of(algorithm.kernelName(), keyBits, algorithm.icvBits());
            }
            case CIPHER, NONE ->
                new CipherAndIntegrity(Optional.of(new Cipher(algorithm.kernelName(), keyBits)), integrity);
        };
    }

    /** Whether SAs of this kernel can have the algorithm, with every length of its key. */
    public static boolean has(XfrmCapabilities kernel, EncryptionAlgorithm algorithm) {
        return algorithm.keyBits().stream()
                .map(bits -> bits + algorithm.saltBytes() * Byte.SIZE)
                .allMatch(bits -> switch (algorithm.kind()) {
                    case AEAD -> kernel.aeads().contains(new Aead(algorithm.kernelName(), bits, algorithm.icvBits()));
                    case CIPHER, NONE -> kernel.ciphers().contains(new Cipher(algorithm.kernelName(), bits));
                });
    }

    /** Whether SAs of this kernel can have the algorithm. */
    public static boolean has(XfrmCapabilities kernel, IntegrityAlgorithm algorithm) {
        return kernel.integrity().contains(integrity(algorithm));
    }

    private static AuthAlgorithm integrity(IntegrityAlgorithm algorithm) {
        return new AuthAlgorithm(algorithm.kernelName(), algorithm.keyBits(), algorithm.icvBits());
    }

    private static IpProtocol protocol(IpsecProtocol protocol) {
        return switch (protocol) {
            case ESP -> IpProtocol.ESP;
            case AH -> IpProtocol.AH;
        };
    }

    private static Mode mode(SaMode mode) {
        return switch (mode) {
            case Tunnel -> Mode.TUNNEL;
            case Transport -> Mode.TRANSPORT;
            case BEET -> Mode.BEET;
        };
    }

    private static Lifetime lifetime(Lifetimes planned) {
        return new Lifetime(
                limit(planned, LifetimeLimits::mostBytes, Lifetime.INFINITE.bytes()),
                limit(planned, LifetimeLimits::mostPackets, Lifetime.INFINITE.packets()),
                limit(planned, LifetimeLimits::mostSecondsSinceAdd, Lifetime.INFINITE.secondsSinceAdd()),
                limit(planned, LifetimeLimits::mostSecondsSinceUse, Lifetime.INFINITE.secondsSinceUse()));
    }

    private static Lifetime.Limit limit(
            Lifetimes planned, Function<LifetimeLimits, Optional<Long>> which, Lifetime.Limit none) {
        return new Lifetime.Limit(
                planned.warning().flatMap(which).orElse(none.soft()),
                planned.end().flatMap(which).orElse(none.hard()));
    }

    private static EspInUdp encapsulation(io.ipsecxdp.crds.UdpEncapsulation planned) {
        return new EspInUdp(
                planned.sourcePort(),
                planned.destinationPort(),
                planned.addressBeforeNat().map(IpLiterals::parse));
    }

    private static XfrmMark mark(io.ipsecxdp.crds.Mark mark) {
        return new XfrmMark(mark.value().intValue(), mark.mask().intValue());
    }

    private io.ipsecxdp.xfrm.XfrmOffload offload(Offload planned) {
        return new io.ipsecxdp.xfrm.XfrmOffload(index(planned.device()), planned.type() == OffloadType.Packet);
    }

    private InetAddress address(String text) {
        return addresses.computeIfAbsent(text, IpLiterals::parse);
    }

    private int index(String name) {
        return Optional.ofNullable(interfaces.get(name)).orElseThrow(() -> new NoSuchInterfaceException(name));
    }

    private static XfrmSelector selector(PlannedSelector planned) {
        return XfrmSelector.between(
                        IpLiterals.parsePrefix(planned.source()), IpLiterals.parsePrefix(planned.destination()))
                .with(new IpProtocol(planned.upperProtocol().number()), port(planned.from()), port(planned.to()));
    }

    /** In transport mode the ends are the packet's own, and are left open. */
    private static Template template(PlannedPolicy.Template template, AddressFamily family) {
        Mode mode = mode(template.mode());
        Optional<Template.Ends> ends = mode == Mode.TRANSPORT
                ? Optional.empty()
                : Optional.of(new Template.Ends(
                        IpLiterals.parse(template.source()), IpLiterals.parse(template.destination())));
        return new Template(
                protocol(template.ipsecProtocol()),
                mode,
                template.reqid(),
                ends,
                0,
                template.letsPassWithout() ? Template.Level.USE : Template.Level.REQUIRED,
                ends.map(outer -> AddressFamily.of(outer.source())).orElse(family));
    }

    private static PortMatch port(Optional<PlannedSelector.MaskedPort> port) {
        return port.map(masked -> new PortMatch(masked.port(), masked.mask())).orElse(PortMatch.ANY);
    }
}
