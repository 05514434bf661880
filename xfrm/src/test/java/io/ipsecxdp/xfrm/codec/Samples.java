package io.ipsecxdp.xfrm.codec;

import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Algorithms;
import io.ipsecxdp.xfrm.AuthAlgorithm;
import io.ipsecxdp.xfrm.Cipher;
import io.ipsecxdp.xfrm.CipherAndIntegrity;
import io.ipsecxdp.xfrm.EspInUdp;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyFlag;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaFlag;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.SaOptionsBuilder;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmOffload;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Builders;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;
import net.jqwik.api.arbitraries.LongArbitrary;

/** Everything that can be asked of the codec, at random. */
final class Samples {

    private Samples() {}

    static Arbitrary<XfrmCapabilities> capabilities() {
        return Arbitraries.of(Kernels.MODERN, Kernels.of(true, false), Kernels.OLD);
    }

    static Arbitrary<Sa> sas() {
        return Combinators.combine(
                        families(),
                        Arbitraries.of(IpProtocol.ESP, IpProtocol.AH),
                        Arbitraries.of(SaDir.class),
                        Arbitraries.of(Mode.TUNNEL, Mode.TRANSPORT, Mode.BEET),
                        Arbitraries.of(true, false))
                .flatAs(Samples::sas);
    }

    /** Two that may differ in everything but family, protocol, direction, mode and ESN. */
    static Arbitrary<Tuple.Tuple2<Sa, Sa>> alike() {
        return Combinators.combine(
                        families(),
                        Arbitraries.of(IpProtocol.ESP, IpProtocol.AH),
                        Arbitraries.of(SaDir.class),
                        Arbitraries.of(Mode.TUNNEL, Mode.TRANSPORT, Mode.BEET),
                        Arbitraries.of(true, false))
                .flatAs((family, protocol, direction, mode, esn) -> {
                    Arbitrary<Sa> one = sas(family, protocol, direction, mode, esn);
                    return Combinators.combine(one, one).as(Tuple::of);
                });
    }

    private static Arbitrary<Sa> sas(
            AddressFamily family, IpProtocol protocol, SaDir direction, Mode mode, boolean esn) {
        boolean ah = protocol.equals(IpProtocol.AH);
        return Combinators.combine(
                        saIds(family, protocol),
                        addresses(family),
                        ah ? integrity().map(CipherAndIntegrity::of) : espAlgorithms(),
                        unsigned32(0),
                        Arbitraries.integers().between(0, Sa.LARGEST_REPLAY_WINDOW),
                        ownerCpus(),
                        options(family, ah, direction, mode, esn))
                .as((id, source, algorithms, reqid, window, cpu, options) -> SaBuilder.builder()
                        .id(id)
                        .source(source)
                        .direction(direction)
                        .mode(mode)
                        .algorithms(algorithms)
                        .reqid(reqid)
                        .replayWindow(direction == SaDir.OUT ? 0 : esn ? Math.max(1, window) : window)
                        .esn(esn)
                        .ownerCpu(cpu)
                        .options(options)
                        .build());
    }

    private static Arbitrary<Algorithms> espAlgorithms() {
        return Arbitraries.oneOf(
                Arbitraries.of(Aead.known()).map(aead -> aead),
                Combinators.combine(Arbitraries.of(Cipher.known()), integrity()).as(CipherAndIntegrity::of));
    }

    private static Arbitrary<AuthAlgorithm> integrity() {
        return Arbitraries.of(AuthAlgorithm.known());
    }

    private static Arbitrary<SaOptions> options(
            AddressFamily family, boolean ah, SaDir direction, Mode mode, boolean esn) {
        Arbitrary<Optional<XfrmSelector>> selectors = switch (mode) {
            case TRANSPORT -> selectors(family).optional(0.3);
            case BEET -> families().flatMap(Samples::selectors).map(Optional::of);
            default -> families().flatMap(Samples::selectors).optional(0.3);
        };
        boolean canPad = !ah && mode == Mode.TUNNEL && direction == SaDir.OUT;
        return Builders.withBuilder(SaOptions.NONE::with)
                .use(lifetimes())
                .in(SaOptionsBuilder::lifetime)
                .use(flags(direction, esn))
                .in(SaOptionsBuilder::flags)
                .use(selectors)
                .in(SaOptionsBuilder::selector)
                .use(
                        ah
                                ? Arbitraries.just(Optional.<EspInUdp>empty())
                                : encapsulations(family).optional(0.3))
                .in(SaOptionsBuilder::encapsulation)
                .use(marks().optional(0.3))
                .in(SaOptionsBuilder::outputMark)
                .use(unsigned32(1).optional(0.3).map(id -> id.orElse(0L)))
                .in(SaOptionsBuilder::interfaceId)
                .use(canPad ? Arbitraries.integers().between(0, 0xffff) : Arbitraries.just(0))
                .in(SaOptionsBuilder::tfcPadding)
                .use(Combinators.combine(
                                Arbitraries.integers().between(1, Integer.MAX_VALUE), Arbitraries.of(true, false))
                        .as(XfrmOffload::new)
                        .optional(0.2))
                .in(SaOptionsBuilder::offload)
                .build(SaOptionsBuilder::build);
    }

    private static Arbitrary<Set<SaFlag>> flags(SaDir direction, boolean esn) {
        List<SaFlag> possible = new ArrayList<>(
                direction == SaDir.IN
                        ? List.of(SaFlag.NO_ECN, SaFlag.DECAP_DSCP, SaFlag.ICMP)
                        : List.of(SaFlag.NO_ECN, SaFlag.NO_PATH_MTU_DISCOVERY, SaFlag.DONT_ENCAP_DSCP));
        if (direction == SaDir.OUT && !esn) {
            possible.add(SaFlag.SEQUENCE_MAY_WRAP);
        }
        return Arbitraries.of(possible).set().ofMaxSize(possible.size());
    }

    private static Arbitrary<EspInUdp> encapsulations(AddressFamily family) {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 0xffff),
                        Arbitraries.integers().between(0, 0xffff),
                        addresses(family)
                                .filter(address -> !address.isAnyLocalAddress())
                                .optional())
                .as(EspInUdp::new);
    }

    private static Arbitrary<Lifetime> lifetimes() {
        return Combinators.combine(limits(), limits(), limits(), limits())
                .as(Lifetime::new)
                .optional(0.5)
                .map(lifetime -> lifetime.orElse(Lifetime.INFINITE));
    }

    private static Arbitrary<Lifetime.Limit> limits() {
        return Combinators.combine(Arbitraries.longs(), Arbitraries.longs()).as(Lifetime.Limit::new);
    }

    static Arbitrary<SaId> saIds() {
        return families().flatMap(family -> saIds(family, IpProtocol.ESP));
    }

    static Arbitrary<Policy> policies() {
        return Combinators.combine(
                        policyIds(),
                        unsigned32(0),
                        templates().list().ofMaxSize(6),
                        Arbitraries.of(Policy.Action.class),
                        Arbitraries.of(PolicyFlag.class).set().ofMaxSize(3),
                        Arbitraries.integers()
                                .between(1, Integer.MAX_VALUE)
                                .map(index -> new XfrmOffload(index, true))
                                .optional(0.2))
                .as((id, priority, templates, action, flags, offload) -> new Policy(
                        id,
                        priority,
                        action,
                        action == Policy.Action.BLOCK ? List.of() : templates,
                        flags.stream()
                                .filter(flag -> flag != PolicyFlag.PER_CPU_ACQUIRE || id.direction() == PolicyDir.OUT)
                                .collect(Collectors.toSet()),
                        offload));
    }

    static Arbitrary<PolicyId> policyIds() {
        return Combinators.combine(
                        Arbitraries.of(PolicyDir.IN, PolicyDir.OUT, PolicyDir.FORWARD),
                        families().flatMap(Samples::selectors),
                        marks(),
                        unsigned32(0),
                        Arbitraries.of(PolicyId.Type.class))
                .as(PolicyId::new);
    }

    private static Arbitrary<AddressFamily> families() {
        return Arbitraries.of(AddressFamily.class);
    }

    private static Arbitrary<SaId> saIds(AddressFamily family, IpProtocol protocol) {
        return Combinators.combine(addresses(family), unsigned32(256), marks())
                .as((destination, spi, mark) -> new SaId(destination, protocol, spi, mark));
    }

    private static Arbitrary<XfrmSelector> selectors(AddressFamily family) {
        return Combinators.combine(
                        prefixes(family),
                        prefixes(family),
                        Arbitraries.integers().between(0, 255).map(IpProtocol::new),
                        ports(),
                        ports(),
                        Arbitraries.integers().between(0, Integer.MAX_VALUE),
                        unsigned32(0))
                .as(XfrmSelector::new);
    }

    private static Arbitrary<Template> templates() {
        return families()
                .flatMap(family -> Combinators.combine(
                                Arbitraries.of(IpProtocol.ESP, IpProtocol.AH),
                                Arbitraries.of(Mode.TUNNEL, Mode.TRANSPORT, Mode.BEET),
                                unsigned32(0),
                                ends(family).optional(),
                                unsigned32(0),
                                Arbitraries.of(Template.Level.class))
                        .as((protocol, mode, reqid, ends, spi, level) ->
                                new Template(protocol, mode, reqid, ends, spi, level, family)));
    }

    private static Arbitrary<Template.Ends> ends(AddressFamily family) {
        return Combinators.combine(addresses(family), addresses(family))
                .as(Template.Ends::new)
                .filter(ends -> !(ends.source().isAnyLocalAddress()
                        && ends.destination().isAnyLocalAddress()));
    }

    private static Arbitrary<Prefix> prefixes(AddressFamily family) {
        return Combinators.combine(addresses(family), Arbitraries.integers().between(0, family.addressBits()))
                .as(Prefix::new);
    }

    private static Arbitrary<InetAddress> addresses(AddressFamily family) {
        int length = family.addressBits() / Byte.SIZE;
        Arbitrary<byte[]> any = Arbitraries.bytes().array(byte[].class).ofSize(length);
        // ::ffff:a.b.c.d, which Java likes to make an IPv4 address
        Arbitrary<byte[]> mapped = any.map(bytes -> {
            byte[] result = bytes.clone();
            Arrays.fill(result, 0, Math.min(10, length), (byte) 0);
            Arrays.fill(result, Math.min(10, length), Math.min(12, length), (byte) 0xff);
            return result;
        });
        return Arbitraries.oneOf(any, mapped).map(bytes -> address(family, bytes));
    }

    private static InetAddress address(AddressFamily family, byte[] bytes) {
        try {
            return family == AddressFamily.IPV4
                    ? InetAddress.getByAddress(bytes)
                    : Inet6Address.getByAddress(null, bytes, -1);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Arbitrary<PortMatch> ports() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, 0xffff),
                        Arbitraries.integers().between(0, 0xffff))
                .as(PortMatch::new);
    }

    private static Arbitrary<XfrmMark> marks() {
        return Combinators.combine(Arbitraries.integers(), Arbitraries.integers())
                .as(XfrmMark::new)
                .optional(0.5)
                .map(mark -> mark.orElse(XfrmMark.NONE));
    }

    private static Arbitrary<OptionalInt> ownerCpus() {
        return Arbitraries.integers()
                .between(0, 8191)
                .optional(0.5)
                .map(cpu -> cpu.map(OptionalInt::of).orElse(OptionalInt.empty()));
    }

    private static LongArbitrary unsigned32(long lowest) {
        return Arbitraries.longs().between(lowest, 0xffff_ffffL);
    }
}
