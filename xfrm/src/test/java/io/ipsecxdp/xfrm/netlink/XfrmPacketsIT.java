package io.ipsecxdp.xfrm.netlink;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.InGuest;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Algorithms;
import io.ipsecxdp.xfrm.AuthAlgorithm;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Cipher;
import io.ipsecxdp.xfrm.CipherAndIntegrity;
import io.ipsecxdp.xfrm.EspInUdp;
import io.ipsecxdp.xfrm.EspLayout;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Packets between SAs of ours and SAs that iproute2 made at the other end, for every algorithm, mode and family. All
 * algorithms at once: each has a UDP port, and policies that take that port to its own SAs.
 */
@InGuest
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class XfrmPacketsIT {

    private static final int FIRST_PORT = 10_000;
    private static final int LINK_MTU = 1500;
    private static final int UDP_HEADER = 8;

    /** Two blocks of AES. */
    private static final int ROUND_ABOUT = 32;

    private static final int PATIENCE_MILLIS = 5_000;
    private static final long TO_PEER = 0x1000_0000L;
    private static final long TO_US = 0x2000_0000L;

    /** One way of protecting. */
    private record Kind(IpProtocol protocol, Algorithms algorithms, int number, byte[] keyToPeer, byte[] keyToUs) {

        int port() {
            return FIRST_PORT + number;
        }

        /** One reqid for each kind, so that no policy finds the SA of another. */
        int reqid() {
            return 1 + number;
        }

        long spi(boolean toPeer) {
            return (toPeer ? TO_PEER : TO_US) + number;
        }

        byte[] key(boolean toPeer) {
            return toPeer ? keyToPeer : keyToUs;
        }

        @Override
        public String toString() {
            return "%s with %s".formatted(protocol, algorithms);
        }
    }

    /** How the packets are wrapped. */
    private record Wrap(Mode mode, AddressFamily outer, AddressFamily inner, boolean esn, boolean inUdp) {

        boolean suits(Kind kind) {
            // iproute2 makes no AH in BEET mode, which is defined for ESP alone; AH in UDP does not exist
            return !inUdp && mode != Mode.BEET || kind.protocol().equals(IpProtocol.ESP);
        }
    }

    private final HexFormat hex = HexFormat.of();
    private final SecureRandom random = new SecureRandom();
    private final List<Kind> kinds = kinds();
    private final List<AutoCloseable> open = new ArrayList<>();
    private NetworkNamespace us;
    private NetworkNamespace peer;
    private NetlinkXfrm ourXfrm;
    private NetlinkXfrm peerXfrm;
    private DatagramSocket ourSocket;
    private final List<DatagramSocket> peerSockets = new ArrayList<>();

    private List<Kind> kinds() {
        List<Algorithms> esp = new ArrayList<>(Aead.known());
        Cipher.known().forEach(cipher -> esp.add(CipherAndIntegrity.of(cipher, AuthAlgorithm.HMAC_SHA2_256_128)));
        AuthAlgorithm.known().forEach(integrity -> esp.add(CipherAndIntegrity.of(Cipher.aesCbc(256), integrity)));
        List<Kind> all = new ArrayList<>();
        esp.stream().distinct().forEach(algorithms -> all.add(kind(IpProtocol.ESP, algorithms, all.size())));
        AuthAlgorithm.known()
                .forEach(integrity -> all.add(kind(IpProtocol.AH, CipherAndIntegrity.of(integrity), all.size())));
        return all;
    }

    private Kind kind(IpProtocol protocol, Algorithms algorithms, int number) {
        return new Kind(protocol, algorithms, number, key(algorithms), key(algorithms));
    }

    private byte[] key(Algorithms algorithms) {
        byte[] key = new byte[algorithms.keyBytes()];
        random.nextBytes(key);
        return key;
    }

    private static InetAddress outer(boolean ofPeer, AddressFamily family) {
        int number = ofPeer ? 2 : 1;
        return ip(family == AddressFamily.IPV4 ? "10.0.0." + number : "fd00::" + number);
    }

    private static InetAddress inner(boolean ofPeer, AddressFamily family) {
        int number = ofPeer ? 2 : 1;
        return ip((family == AddressFamily.IPV4 ? "10.%d.0.1" : "fd00:%d::1").formatted(number));
    }

    /** The packets' own addresses. */
    private static InetAddress end(boolean ofPeer, Wrap wrap) {
        return wrap.mode() == Mode.TRANSPORT ? outer(ofPeer, wrap.outer()) : inner(ofPeer, wrap.inner());
    }

    @BeforeAll
    void connectTwoHosts() {
        Needs.root();
        Needs.program("ip");
        us = closing(NetworkNamespace.create());
        peer = closing(NetworkNamespace.create());
        us.ip("link add eth0 type veth peer name eth0 netns " + peer.path());
        address(us, 1, 2);
        address(peer, 2, 1);
        ourXfrm = closing(us.call(NetlinkXfrm::open));
        peerXfrm = closing(peer.call(NetlinkXfrm::open));
        ourSocket = closing(us.call(() -> new DatagramSocket(FIRST_PORT - 1)));
        kinds.forEach(kind -> peerSockets.add(closing(peer.call(() -> new DatagramSocket(kind.port())))));
        open.add(us.espInUdp(4500));
        open.add(peer.espInUdp(4500));
    }

    private static void address(NetworkNamespace host, int number, int other) {
        host.ip(
                "addr add 10.0.0.%d/24 dev eth0".formatted(number),
                "addr add fd00::%d/64 dev eth0 nodad".formatted(number),
                "link set eth0 up",
                "addr add 10.%d.0.1/32 dev lo".formatted(number),
                "addr add fd00:%d::1/128 dev lo nodad".formatted(number),
                "route add 10.%d.0.0/16 via 10.0.0.%d src 10.%d.0.1".formatted(other, other, number),
                "route add fd00:%d::/64 via fd00::%d src fd00:%d::1".formatted(other, other, number));
    }

    private <T extends AutoCloseable> T closing(T resource) {
        open.add(resource);
        return resource;
    }

    @AfterEach
    void flush() {
        us.ip("xfrm state flush", "xfrm policy flush");
        peer.ip("xfrm state flush", "xfrm policy flush");
    }

    @AfterAll
    void takeDown() throws Exception {
        for (AutoCloseable resource : open.reversed()) {
            resource.close();
        }
    }

    static Stream<Arguments> wraps() {
        AddressFamily v4 = AddressFamily.IPV4;
        AddressFamily v6 = AddressFamily.IPV6;
        return Stream.of(
                        new Wrap(Mode.TUNNEL, v4, v4, true, false),
                        new Wrap(Mode.TUNNEL, v6, v6, false, false),
                        new Wrap(Mode.TUNNEL, v4, v6, false, false),
                        new Wrap(Mode.TUNNEL, v6, v4, true, false),
                        new Wrap(Mode.TRANSPORT, v4, v4, false, false),
                        new Wrap(Mode.TRANSPORT, v6, v6, true, false),
                        new Wrap(Mode.BEET, v4, v4, true, false),
                        new Wrap(Mode.BEET, v6, v6, false, false),
                        new Wrap(Mode.BEET, v4, v6, true, false),
                        new Wrap(Mode.BEET, v6, v4, false, false),
                        new Wrap(Mode.TUNNEL, v4, v4, true, true))
                .map(Arguments::of);
    }

    @ParameterizedTest
    @MethodSource("wraps")
    void everyAlgorithmIsReadByIproute2sSaAndTheOtherWayRound(Wrap wrap) throws Exception {
        List<Kind> tried = kinds.stream().filter(wrap::suits).toList();
        install(tried, wrap);

        List<String> lost = new ArrayList<>();
        for (Kind kind : tried) {
            if (!answers(kind, wrap)) {
                lost.add(kind.toString());
            }
        }

        assertThat(lost).isEmpty();
        Map<SaId, ObservedSa> ours = byId(ourXfrm);
        Map<SaId, ObservedSa> theirs = byId(peerXfrm);
        assertThat(ours).hasSize(2 * tried.size());
        assertThat(tried)
                .allSatisfy(kind -> Stream.of(true, false).forEach(toPeer -> {
                    SaId id = id(kind, wrap, toPeer);
                    assertThat(ours.get(id).counters().packets()).isEqualTo(1);
                    assertThat(theirs.get(id).counters().packets()).isEqualTo(1);
                    assertThat(theirs.get(id).algorithms())
                            .isEqualTo(ours.get(id).algorithms());
                    assertThat(toPeer ? theirs.get(id).errors() : ours.get(id).errors())
                            .isEqualTo(new ObservedSa.Errors(0, 0, 0));
                }));
    }

    static Stream<Wrap> wrapsWithALayout() {
        return wraps().map(arguments -> (Wrap) arguments.get()[0])
                .filter(wrap -> wrap.mode() == Mode.TUNNEL || wrap.mode() == Mode.TRANSPORT);
    }

    /** Datagrams that must not be cut: the kernel takes the largest that fits, and refuses one with a byte more. */
    @ParameterizedTest
    @MethodSource("wrapsWithALayout")
    void theLargestPacketIsThatOfTheLayout(Wrap wrap) throws Exception {
        List<Kind> tried = kinds.stream()
                .filter(kind -> kind.protocol().equals(IpProtocol.ESP))
                .toList();
        install(tried, wrap);
        int headers = (AddressFamily.of(end(true, wrap)) == AddressFamily.IPV4 ? 20 : 40) + UDP_HEADER;

        Map<String, Integer> kernel = new LinkedHashMap<>();
        Map<String, Integer> computed = new LinkedHashMap<>();
        for (Kind kind : tried) {
            int largest = EspLayout.of(wrap.mode(), wrap.outer(), kind.algorithms(), wrap.inUdp())
                    .largestWithin(LINK_MTU);
            computed.put(kind.toString(), largest);
            kernel.put(kind.toString(), largestSent(kind, wrap, headers, largest));
            assertThat(receive(peerSockets.get(kind.number())))
                    .as("by %s", kind)
                    .isPresent();
        }

        assertThat(kernel).isEqualTo(computed);
    }

    /** Looked for from a few bytes above what is expected downwards. */
    private int largestSent(Kind kind, Wrap wrap, int headers, int expected) throws IOException {
        try (DatagramSocket whole = us.call(() -> new DatagramSocket(0))) {
            whole.setOption(ExtendedSocketOptions.IP_DONTFRAGMENT, true);
            for (int length = expected + ROUND_ABOUT; length > expected - ROUND_ABOUT; length--) {
                byte[] bytes = new byte[length - headers];
                try {
                    whole.send(new DatagramPacket(
                            bytes, bytes.length, new InetSocketAddress(end(true, wrap), kind.port())));
                    return length;
                } catch (IOException tooLong) {
                    assertThat(tooLong).hasMessageContaining("Message too long");
                }
            }
        }
        return 0;
    }

    /** The window would be empty, and a packet that is sent again would be taken, if the kernel made the SA anew. */
    @Test
    void aChangedLifetimeKeepsSequenceNumbersWindowCountersAndKey() throws Exception {
        Wrap wrap = new Wrap(Mode.TUNNEL, AddressFamily.IPV4, AddressFamily.IPV4, true, false);
        for (Kind kind : List.of(kinds.getFirst(), kinds.getLast())) {
            install(List.of(kind), wrap);
            assertThat(answers(kind, wrap)).isTrue();
            Map<SaId, ObservedSa> before = byId(ourXfrm);
            Lifetime limited = new Lifetime(
                    new Lifetime.Limit(1L << 40, 1L << 41),
                    new Lifetime.Limit(1000, 2000),
                    new Lifetime.Limit(3000, 4000),
                    new Lifetime.Limit(5000, 6000));

            for (boolean toPeer : List.of(true, false)) {
                Sa sa = sa(kind, wrap, toPeer, toPeer ? SaDir.OUT : SaDir.IN);
                done(
                        ourXfrm,
                        List.of(new Change.ChangeLifetime(
                                sa.withOptions(sa.options().withLifetime(limited)))));
            }

            Map<SaId, ObservedSa> after = byId(ourXfrm);
            before.forEach((id, was) -> {
                ObservedSa is = after.get(id);
                assertThat(is.options().lifetime()).isEqualTo(limited);
                assertThat(is.options().withLifetime(Lifetime.INFINITE)).isEqualTo(was.options());
                assertThat(is.replay()).isEqualTo(was.replay());
                assertThat(is.counters()).isEqualTo(was.counters());
                assertThat(is.ownerCpu()).isEqualTo(was.ownerCpu());
            });
            assertThat(answers(kind, wrap)).isTrue();
            assertThat(byId(ourXfrm).get(id(kind, wrap, true)).replay().lastSent())
                    .isEqualTo(2);
            flush();
        }
    }

    /** With ESN the upper half, which no packet has, is part of what is authenticated. */
    @ParameterizedTest
    @CsvSource({"true, 64, 5", "false, 64, 0", "false, 32, 0"})
    void anInboundSaThatGoesOnTakesWhatIsNewAndNothingASecondTime(boolean esn, int window, int upperHalf)
            throws Exception {
        Wrap wrap = new Wrap(Mode.TUNNEL, AddressFamily.IPV4, AddressFamily.IPV4, esn, false);
        Kind kind = kinds.getFirst();
        install(List.of(kind), wrap);
        Sa sa = sa(kind, wrap, false, SaDir.IN).withReplayWindow(window);
        try (KeyMaterial key = KeyMaterial.takeFrom(kind.key(false).clone())) {
            done(
                    ourXfrm,
                    List.of(
                            new Change.DeleteSa(sa.id()),
                            new Change.AddSa(sa, key, ((long) upperHalf << Integer.SIZE) + 101)));
        }
        peer.ip(
                "xfrm state delete src %s dst %s proto esp spi %d"
                        .formatted(
                                sa.source().getHostAddress(),
                                sa.id().destination().getHostAddress(),
                                sa.id().spi()),
                stateOfPeer(kind, wrap, false) + " replay-oseq 99" + (esn ? " replay-oseq-hi " + upperHalf : ""));

        assertThat(answers(kind, wrap)).as("100 counts as received").isFalse();
        assertThat(answers(kind, wrap)).as("101 counts as received").isFalse();
        assertThat(answers(kind, wrap)).as("102 is new").isTrue();
        ObservedSa after = byId(ourXfrm).get(sa.id());
        assertThat(after.errors()).isEqualTo(new ObservedSa.Errors(0, 2, 0));
        assertThat(after.replay().lastReceived()).isEqualTo(((long) upperHalf << Integer.SIZE) + 102);
    }

    private void install(List<Kind> tried, Wrap wrap) {
        List<Change> changes = new ArrayList<>();
        List<String> commands = new ArrayList<>();
        List<KeyMaterial> keys = new ArrayList<>();
        for (Kind kind : tried) {
            for (boolean toPeer : List.of(true, false)) {
                KeyMaterial key = KeyMaterial.takeFrom(kind.key(toPeer).clone());
                keys.add(key);
                SaDir direction = toPeer ? SaDir.OUT : SaDir.IN;
                changes.add(new Change.AddSa(sa(kind, wrap, toPeer, direction), key));
                changes.add(new Change.AddPolicy(policy(kind, wrap, toPeer)));
                commands.add(stateOfPeer(kind, wrap, toPeer));
                commands.add(policyOfPeer(kind, wrap, toPeer));
            }
        }
        done(ourXfrm, changes);
        keys.forEach(KeyMaterial::close);
        peer.ip(commands.toArray(String[]::new));
    }

    private static void done(NetlinkXfrm xfrm, List<Change> changes) {
        assertThat(xfrm.apply(changes))
                .allSatisfy(result ->
                        assertThat(result.error()).as("%s", result.change()).isEmpty());
    }

    private static SaId id(Kind kind, Wrap wrap, boolean toPeer) {
        return new SaId(outer(toPeer, wrap.outer()), kind.protocol(), kind.spi(toPeer), XfrmMark.NONE);
    }

    private static Sa sa(Kind kind, Wrap wrap, boolean toPeer, SaDir direction) {
        SaOptions options = SaOptions.NONE
                .with()
                .selector(wrap.mode() == Mode.BEET ? Optional.of(addresses(wrap, toPeer)) : Optional.empty())
                .encapsulation(
                        wrap.inUdp() ? Optional.of(new EspInUdp(4500, 4500, Optional.empty())) : Optional.empty())
                .build();
        return SaBuilder.builder()
                .id(id(kind, wrap, toPeer))
                .source(outer(!toPeer, wrap.outer()))
                .direction(direction)
                .mode(wrap.mode())
                .algorithms(kind.algorithms())
                .reqid(kind.reqid())
                .replayWindow(direction == SaDir.IN ? 64 : 0)
                .esn(wrap.esn())
                .options(options)
                .build();
    }

    private static XfrmSelector addresses(Wrap wrap, boolean toPeer) {
        return XfrmSelector.between(Prefix.host(end(!toPeer, wrap)), Prefix.host(end(toPeer, wrap)));
    }

    private static Policy policy(Kind kind, Wrap wrap, boolean toPeer) {
        PortMatch port = PortMatch.exactly(kind.port());
        XfrmSelector selector = addresses(wrap, toPeer)
                .with(new IpProtocol(17), toPeer ? PortMatch.ANY : port, toPeer ? port : PortMatch.ANY);
        boolean transport = wrap.mode() == Mode.TRANSPORT;
        Template template = new Template(
                kind.protocol(),
                wrap.mode(),
                kind.reqid(),
                transport
                        ? Optional.empty()
                        : Optional.of(new Template.Ends(outer(!toPeer, wrap.outer()), outer(toPeer, wrap.outer()))),
                0,
                Template.Level.REQUIRED,
                wrap.outer());
        return new Policy(
                PolicyId.of(toPeer ? PolicyDir.OUT : PolicyDir.IN, selector),
                100,
                Policy.Action.ALLOW,
                List.of(template));
    }

    private String stateOfPeer(Kind kind, Wrap wrap, boolean toPeer) {
        List<String> flags = new ArrayList<>();
        if (wrap.esn()) {
            flags.add("esn");
        }
        if (wrap.mode() == Mode.TUNNEL) {
            flags.add("af-unspec");
        }
        if (kind.protocol().equals(IpProtocol.AH) && wrap.outer() == AddressFamily.IPV4) {
            flags.add("align4");
        }
        StringBuilder command =
                new StringBuilder("xfrm state add src %s dst %s proto %s spi %d reqid %d mode %s replay-window 64%s %s"
                        .formatted(
                                outer(!toPeer, wrap.outer()).getHostAddress(),
                                outer(toPeer, wrap.outer()).getHostAddress(),
                                kind.protocol(),
                                kind.spi(toPeer),
                                kind.reqid(),
                                wrap.mode().name().toLowerCase(),
                                flags.isEmpty() ? "" : " flag " + String.join(" flag ", flags),
                                algorithms(kind, toPeer)));
        if (wrap.inUdp()) {
            command.append(" encap espinudp 4500 4500 0.0.0.0");
        }
        if (wrap.mode() == Mode.BEET) {
            command.append(" sel src %s dst %s"
                    .formatted(
                            end(!toPeer, wrap).getHostAddress(),
                            end(toPeer, wrap).getHostAddress()));
        }
        return command.toString();
    }

    private String algorithms(Kind kind, boolean toPeer) {
        byte[] key = kind.key(toPeer);
        return switch (kind.algorithms()) {
            case Aead aead -> "aead %s 0x%s %d".formatted(aead.kernelName(), hex.formatHex(key), aead.icvBits());
            case CipherAndIntegrity(Optional<Cipher> cipher, Optional<AuthAlgorithm> integrity) -> {
                int split = cipher.map(Cipher::keyBytes).orElse(0);
                String encryption = cipher.map(one -> "enc %s %s "
                                .formatted(one.kernelName(), split == 0 ? "\"\"" : "0x" + hex.formatHex(key, 0, split)))
                        .orElse("");
                AuthAlgorithm mac = integrity.orElseThrow();
                yield encryption
                        + "auth-trunc %s 0x%s %d"
                                .formatted(mac.kernelName(), hex.formatHex(key, split, key.length), mac.icvBits());
            }
        };
    }

    private static String policyOfPeer(Kind kind, Wrap wrap, boolean toPeer) {
        boolean transport = wrap.mode() == Mode.TRANSPORT;
        return "xfrm policy add dir %s src %s dst %s proto 17 %s %d tmpl%s proto %s reqid %d mode %s"
                .formatted(
                        toPeer ? "in" : "out",
                        end(!toPeer, wrap).getHostAddress(),
                        end(toPeer, wrap).getHostAddress(),
                        toPeer ? "dport" : "sport",
                        kind.port(),
                        transport
                                ? ""
                                : " src %s dst %s"
                                        .formatted(
                                                outer(!toPeer, wrap.outer()).getHostAddress(),
                                                outer(toPeer, wrap.outer()).getHostAddress()),
                        kind.protocol(),
                        kind.reqid(),
                        wrap.mode().name().toLowerCase());
    }

    private static Map<SaId, ObservedSa> byId(NetlinkXfrm xfrm) {
        return xfrm.dumpSas().entries().stream().collect(Collectors.toMap(ObservedSa::id, Function.identity()));
    }

    /** One packet there and one back. */
    private boolean answers(Kind kind, Wrap wrap) throws Exception {
        byte[] question = "to %s".formatted(kind).getBytes();
        ourSocket.send(
                new DatagramPacket(question, question.length, new InetSocketAddress(end(true, wrap), kind.port())));
        DatagramSocket there = peerSockets.get(kind.number());
        Optional<DatagramPacket> arrived = receive(there);
        if (arrived.isEmpty()) {
            return false;
        }
        there.send(new DatagramPacket(
                arrived.get().getData(),
                arrived.get().getLength(),
                arrived.get().getSocketAddress()));
        return receive(ourSocket)
                .map(answer -> new String(answer.getData(), 0, answer.getLength()))
                .filter(new String(question)::equals)
                .isPresent();
    }

    private static Optional<DatagramPacket> receive(DatagramSocket socket) throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[256], 256);
        socket.setSoTimeout(PATIENCE_MILLIS);
        try {
            socket.receive(packet);
            return Optional.of(packet);
        } catch (SocketTimeoutException e) {
            return Optional.empty();
        }
    }
}
