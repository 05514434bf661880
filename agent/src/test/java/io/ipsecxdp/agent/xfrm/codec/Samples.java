package io.ipsecxdp.agent.xfrm.codec;

import io.ipsecxdp.agent.xfrm.AddressFamily;
import io.ipsecxdp.agent.xfrm.Aead;
import io.ipsecxdp.agent.xfrm.IpProtocol;
import io.ipsecxdp.agent.xfrm.Mark;
import io.ipsecxdp.agent.xfrm.Mode;
import io.ipsecxdp.agent.xfrm.Policy;
import io.ipsecxdp.agent.xfrm.PolicyDirection;
import io.ipsecxdp.agent.xfrm.PolicyId;
import io.ipsecxdp.agent.xfrm.PortMatch;
import io.ipsecxdp.agent.xfrm.Prefix;
import io.ipsecxdp.agent.xfrm.Sa;
import io.ipsecxdp.agent.xfrm.SaDirection;
import io.ipsecxdp.agent.xfrm.SaId;
import io.ipsecxdp.agent.xfrm.Selector;
import io.ipsecxdp.agent.xfrm.Template;
import io.ipsecxdp.agent.xfrm.XfrmCapabilities;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.arbitraries.LongArbitrary;

/** Everything that can be asked of the codec, at random. */
final class Samples {

    private static final XfrmCapabilities MODERN = capabilities(true, true);

    private Samples() {}

    static XfrmCapabilities capabilities(boolean direction, boolean perCpu) {
        return new XfrmCapabilities(
                direction, perCpu, Set.of(AddressFamily.values()), Set.copyOf(Aead.aesGcmVariants()), List.of());
    }

    static Arbitrary<XfrmCapabilities> capabilities() {
        return Arbitraries.of(MODERN, capabilities(true, false), capabilities(false, false));
    }

    static Arbitrary<Sa> sas() {
        return families()
                .flatMap(family -> Combinators.combine(
                                saIds(family),
                                addresses(family),
                                Arbitraries.of(SaDirection.class),
                                Arbitraries.of(Mode.TUNNEL, Mode.TRANSPORT),
                                Arbitraries.of(Aead.aesGcmVariants()),
                                unsigned32(0),
                                Arbitraries.integers().between(0, Sa.LARGEST_REPLAY_WINDOW),
                                Arbitraries.of(true, false))
                        .flatAs((id, source, direction, mode, aead, reqid, window, esn) -> ownerCpus()
                                .map(cpu -> new Sa(
                                        id,
                                        source,
                                        direction,
                                        mode,
                                        aead,
                                        reqid,
                                        direction == SaDirection.OUT ? 0 : esn ? Math.max(1, window) : window,
                                        esn,
                                        cpu))));
    }

    static Arbitrary<SaId> saIds() {
        return families().flatMap(Samples::saIds);
    }

    static Arbitrary<Policy> policies() {
        return Combinators.combine(
                        policyIds(), unsigned32(0), templates().list().ofMaxSize(6))
                .flatAs((id, priority, templates) -> Arbitraries.of(Policy.Action.class)
                        .map(action -> new Policy(
                                id, priority, action, action == Policy.Action.BLOCK ? List.of() : templates)));
    }

    static Arbitrary<PolicyId> policyIds() {
        return Combinators.combine(
                        Arbitraries.of(PolicyDirection.IN, PolicyDirection.OUT, PolicyDirection.FORWARD),
                        families().flatMap(Samples::selectors),
                        marks(),
                        unsigned32(0),
                        Arbitraries.of(PolicyId.Type.class))
                .as(PolicyId::new);
    }

    private static Arbitrary<AddressFamily> families() {
        return Arbitraries.of(AddressFamily.class);
    }

    private static Arbitrary<SaId> saIds(AddressFamily family) {
        return Combinators.combine(addresses(family), unsigned32(256), marks())
                .as((destination, spi, mark) -> new SaId(destination, IpProtocol.ESP, spi, mark));
    }

    private static Arbitrary<Selector> selectors(AddressFamily family) {
        return Combinators.combine(
                        prefixes(family),
                        prefixes(family),
                        Arbitraries.integers().between(0, 255).map(IpProtocol::new),
                        ports(),
                        ports(),
                        Arbitraries.integers().between(0, Integer.MAX_VALUE),
                        unsigned32(0))
                .as(Selector::new);
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

    private static Arbitrary<Mark> marks() {
        return Combinators.combine(Arbitraries.integers(), Arbitraries.integers())
                .as(Mark::new)
                .optional(0.5)
                .map(mark -> mark.orElse(Mark.NONE));
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
