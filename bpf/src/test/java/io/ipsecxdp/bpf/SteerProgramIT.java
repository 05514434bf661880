package io.ipsecxdp.bpf;

import static io.ipsecxdp.bpf.Frames.AH;
import static io.ipsecxdp.bpf.Frames.DESTINATION4;
import static io.ipsecxdp.bpf.Frames.DESTINATION6;
import static io.ipsecxdp.bpf.Frames.DESTINATION_OPTIONS;
import static io.ipsecxdp.bpf.Frames.ESP;
import static io.ipsecxdp.bpf.Frames.ESP_IN_UDP;
import static io.ipsecxdp.bpf.Frames.FRAGMENT_HEADER;
import static io.ipsecxdp.bpf.Frames.GRE;
import static io.ipsecxdp.bpf.Frames.HOP_BY_HOP;
import static io.ipsecxdp.bpf.Frames.ICMP;
import static io.ipsecxdp.bpf.Frames.ROUTING;
import static io.ipsecxdp.bpf.Frames.SOURCE4;
import static io.ipsecxdp.bpf.Frames.TCP;
import static io.ipsecxdp.bpf.Frames.UDP;
import static io.ipsecxdp.bpf.Frames.ah;
import static io.ipsecxdp.bpf.Frames.esp;
import static io.ipsecxdp.bpf.Frames.esp4;
import static io.ipsecxdp.bpf.Frames.esp6;
import static io.ipsecxdp.bpf.Frames.ethernet;
import static io.ipsecxdp.bpf.Frames.extension;
import static io.ipsecxdp.bpf.Frames.ipv4;
import static io.ipsecxdp.bpf.Frames.ipv6;
import static io.ipsecxdp.bpf.Frames.padded;
import static io.ipsecxdp.bpf.Frames.tagged;
import static io.ipsecxdp.bpf.Frames.udp;
import static io.ipsecxdp.bpf.Outcome.EXTENSION_HEADER;
import static io.ipsecxdp.bpf.Outcome.FIXED;
import static io.ipsecxdp.bpf.Outcome.FIXED_CPU_MISSING;
import static io.ipsecxdp.bpf.Outcome.FRAGMENT;
import static io.ipsecxdp.bpf.Outcome.HASHED;
import static io.ipsecxdp.bpf.Outcome.HASHED_NO_LOOKUP;
import static io.ipsecxdp.bpf.Outcome.HASHED_NO_OWNER;
import static io.ipsecxdp.bpf.Outcome.HASHED_NO_OWNER_FIELD;
import static io.ipsecxdp.bpf.Outcome.HASH_CPU_MISSING;
import static io.ipsecxdp.bpf.Outcome.LOOKUP_EINVAL;
import static io.ipsecxdp.bpf.Outcome.LOOKUP_ENONET;
import static io.ipsecxdp.bpf.Outcome.MALFORMED;
import static io.ipsecxdp.bpf.Outcome.NAT_KEEPALIVE;
import static io.ipsecxdp.bpf.Outcome.NON_ESP_MARKER;
import static io.ipsecxdp.bpf.Outcome.NOT_ESP;
import static io.ipsecxdp.bpf.Outcome.OWNER;
import static io.ipsecxdp.bpf.Outcome.OWNER_OUTSIDE_POLICY;
import static io.ipsecxdp.bpf.Outcome.SA_UNKNOWN;
import static io.ipsecxdp.bpf.Outcome.SA_UNKNOWN_DROPPED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.ipsecxdp.bpf.jna.Bpf;
import io.ipsecxdp.bpf.jna.Fd;
import io.ipsecxdp.bpf.jna.TestRun;
import io.ipsecxdp.bpf.jna.XdpFlag;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The program on single frames, by BPF_PROG_TEST_RUN in a namespace with SAs of every kind. */
@KernelTest
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SteerProgramIT {
    private static final int MUTANTS = 1_000_000;
    private static final int FLOOD = 1_000_000;

    private static final int XDP_DROP = 1;
    private static final int XDP_PASS = 2;
    private static final int XDP_REDIRECT = 4;

    private static final int OWNED = 0x1001;
    private static final int UNOWNED = 0x1002;
    private static final int OWNED_OUTSIDE_POLICY = 0x1003;
    private static final int MARKED = 0x1004;
    private static final int ELSEWHERE = 0x1005;
    private static final int UNKNOWN = 0x1006;
    private static final int AUTHENTICATED = 0x1007;
    private static final int FIXED_SPI = 0x1008;
    private static final int FIXED_OUTSIDE_POLICY = 0x1009;
    private static final int CHANGING = 0x100A;

    private static final int OTHER_PORT = 10_500;
    private static final InetAddress TRANSIT = Frames.address("198.51.100.1");

    /** Added to the SPIs of IPv6: since Linux 6.17 ALLOCSPI gives an SPI out once, whatever the destination. */
    private static final int OVER_IPV6 = 0x1000;

    private static final Capabilities EVERYTHING = new Capabilities(true, true, true, true);
    private static final SteeringConfig ONLY_CPU_0 = SteeringConfig.of(Set.of(0), 64)
            .withUdpPorts(Set.of(ESP_IN_UDP, OTHER_PORT))
            .withFixed(Map.of((long) FIXED_SPI, 0, (long) FIXED_OUTSIDE_POLICY, 1));

    private static final int LOOPBACK = 1;
    private static final int ETHERNET_HEADER = 14;
    private static final int ESP_HEADER = 8;
    private static final int AH_HEADER = 12;

    private Namespace node;
    private SteerProgram steer;
    private Fd attached;

    /** @param header bytes of the header that names the SPI */
    private record Case(String name, byte[] frame, Outcome expected, int header) {
        Case(String name, byte[] frame, Outcome expected) {
            this(name, frame, expected, ESP_HEADER);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    void prepare() {
        node = Namespace.make();
        node.run(() -> {
            makeSas(DESTINATION4, 0);
            makeSas(DESTINATION6, OVER_IPV6);
            LarvalSa.make(SOURCE4, DESTINATION4, FIXED_SPI, OptionalInt.of(1));
            LarvalSa.make(SOURCE4, DESTINATION4, FIXED_OUTSIDE_POLICY, OptionalInt.of(0));
        });
        node.ip("address", "add", DESTINATION4.getHostAddress() + "/32", "dev", "lo");
        node.ip("address", "add", DESTINATION6.getHostAddress() + "/128", "dev", "lo", "nodad");
        node.ip("route", "add", TRANSIT.getHostAddress() + "/32", "dev", "lo");
        node.sysctl("net/ipv4/conf/all/forwarding", "1");
        node.sysctl("net/ipv6/conf/all/forwarding", "1");
        try (var other = Namespace.make()) {
            other.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, ELSEWHERE, OptionalInt.of(0)));
        }
        steer = load(SteerProgram.compiled(), EVERYTHING);
        steer.maps().apply(ONLY_CPU_0);
        // Else each run would patch the kernel's XDP dispatcher, for milliseconds
        attached = node.call(() -> Bpf.attachXdp(steer.program(), LOOPBACK, XdpFlag.GENERIC));
    }

    @AfterAll
    void remove() {
        node.close();
        attached.close();
        steer.close();
    }

    static List<Case> frames() {
        var keepalive = udp(4500, ESP_IN_UDP, new byte[] {(byte) 0xFF});
        var ike = udp(4500, ESP_IN_UDP, new byte[64]);
        return List.of(
                new Case("ESP over IPv4", esp4(OWNED), OWNER),
                new Case("ESP over IPv6", esp6(OWNED + OVER_IPV6), OWNER),
                new Case("ESP in a VLAN", tagged(0x8100, esp4(OWNED)), OWNER),
                new Case("ESP over IPv6 in a VLAN", tagged(0x8100, esp6(OWNED + OVER_IPV6)), OWNER),
                new Case("ESP in QinQ", tagged(0x88A8, tagged(0x8100, esp4(OWNED))), OWNER),
                new Case("ESP behind three tags", tagged(0x88A8, tagged(0x8100, tagged(0x8100, esp4(OWNED)))), NOT_ESP),
                new Case("IPv4 options, one word", ethernet(ipv4(ESP, 1, 0, esp(OWNED))), OWNER),
                new Case("IPv4 options, ten words", ethernet(ipv4(ESP, 10, 0, esp(OWNED))), OWNER),
                new Case("first fragment", ethernet(ipv4(ESP, 0, 0x2000, esp(OWNED))), FRAGMENT),
                new Case("later fragment", ethernet(ipv4(ESP, 0, 0x2005, esp(OWNED))), FRAGMENT),
                new Case("last fragment", ethernet(ipv4(ESP, 0, 0x0005, esp(OWNED))), FRAGMENT),
                new Case("ESP in UDP", ethernet(ipv4(UDP, udp(4500, ESP_IN_UDP, esp(OWNED)))), OWNER),
                new Case(
                        "ESP in UDP from behind a NAT", ethernet(ipv4(UDP, udp(61234, ESP_IN_UDP, esp(OWNED)))), OWNER),
                new Case(
                        "ESP in UDP over IPv6",
                        ethernet(ipv6(UDP, udp(4500, ESP_IN_UDP, esp(OWNED + OVER_IPV6)))),
                        OWNER),
                new Case("NAT keepalive, as padded by a NIC", padded(ethernet(ipv4(UDP, keepalive))), NAT_KEEPALIVE),
                new Case("NAT keepalive over IPv6", ethernet(ipv6(UDP, keepalive)), NAT_KEEPALIVE),
                new Case("IKE with its marker", ethernet(ipv4(UDP, ike)), NON_ESP_MARKER),
                new Case("IKE with its marker over IPv6", ethernet(ipv6(UDP, ike)), NON_ESP_MARKER),
                new Case(
                        "one byte on the port of ESP that is no keepalive",
                        padded(ethernet(ipv4(UDP, udp(4500, ESP_IN_UDP, new byte[] {1})))),
                        NON_ESP_MARKER),
                new Case(
                        "too short for ESP in UDP, whatever the padding holds",
                        padded(ethernet(ipv4(UDP, udp(4500, ESP_IN_UDP, Arrays.copyOf(esp(OWNED), 8))))),
                        NON_ESP_MARKER),
                new Case(
                        "from the port of ESP to another",
                        ethernet(ipv4(UDP, udp(ESP_IN_UDP, 53, esp(OWNED)))),
                        NOT_ESP),
                new Case("other UDP", ethernet(ipv4(UDP, udp(1000, 53, new byte[32]))), NOT_ESP),
                new Case("TCP", ethernet(ipv4(TCP, new byte[40])), NOT_ESP),
                new Case("TCP over IPv6", ethernet(ipv6(TCP, new byte[40])), NOT_ESP),
                new Case("ICMP", ethernet(ipv4(ICMP, new byte[64])), NOT_ESP),
                new Case("ICMPv6", ethernet(ipv6(58, new byte[64])), NOT_ESP),
                new Case("AH without an SA", ethernet(ipv4(51, new byte[64])), SA_UNKNOWN),
                new Case("ARP", ethernet(0x0806, new byte[46]), NOT_ESP),
                new Case("LLC", ethernet(46, new byte[46]), NOT_ESP),
                new Case("IPv6 hop-by-hop options twice", ethernet(ipv6(0, new byte[64])), EXTENSION_HEADER),
                new Case("IPv6 hop-by-hop options", extended(HOP_BY_HOP, ESP, 1, 0), OWNER),
                new Case("IPv6 destination options, long", extended(DESTINATION_OPTIONS, ESP, 20, 0), OWNER),
                new Case("IPv6 routing header at its end", extended(ROUTING, ESP, 3, 0), OWNER),
                new Case("IPv6 routing header under way", extended(ROUTING, ESP, 3, 1), EXTENSION_HEADER),
                new Case("as many extension headers as are looked through", chained(4), OWNER),
                new Case("one extension header more", chained(5), EXTENSION_HEADER),
                new Case(
                        "ESP in UDP behind destination options",
                        ethernet(ipv6(
                                DESTINATION_OPTIONS,
                                extension(UDP, 1, 0, udp(4500, ESP_IN_UDP, esp(OWNED + OVER_IPV6))))),
                        OWNER),
                new Case("AH behind hop-by-hop options", ahBehindOptions(), OWNER, AH_HEADER),
                new Case(
                        "fragment header behind hop-by-hop options",
                        extended(HOP_BY_HOP, FRAGMENT_HEADER, 1, 0),
                        FRAGMENT),
                new Case("AH", ethernet(ipv4(AH, ah(AUTHENTICATED))), OWNER, AH_HEADER),
                new Case("AH over IPv6", ethernet(ipv6(AH, ah(AUTHENTICATED + OVER_IPV6))), OWNER, AH_HEADER),
                new Case("AH with the SPI of an ESP SA", ethernet(ipv4(AH, ah(OWNED))), SA_UNKNOWN),
                new Case("ESP with the SPI of an AH SA", esp4(AUTHENTICATED), SA_UNKNOWN),
                new Case("GRE", ethernet(ipv4(GRE, new byte[64])), NOT_ESP),
                new Case("VXLAN around ESP", ethernet(ipv4(UDP, udp(50_000, 4789, esp4(OWNED)))), NOT_ESP),
                new Case(
                        "ESP in UDP on another port of the policy",
                        ethernet(ipv4(UDP, udp(4500, OTHER_PORT, esp(OWNED)))),
                        OWNER),
                new Case("keepalive on another port of the policy", otherPortKeepalive(), NAT_KEEPALIVE),
                new Case("SPI with a fixed CPU, whoever owns it", esp4(FIXED_SPI), FIXED),
                new Case("SPI with a fixed CPU outside the policy", esp4(FIXED_OUTSIDE_POLICY), FIXED_CPU_MISSING),
                new Case("IPv6 fragment", ethernet(ipv6(44, new byte[64])), FRAGMENT),
                new Case("IPv6 in the Ethernet type of IPv4", ethernet(0x0800, ipv6(ESP, esp(OWNED))), MALFORMED),
                new Case("IPv4 in the Ethernet type of IPv6", ethernet(0x86DD, ipv4(ESP, esp(OWNED))), MALFORMED),
                new Case("IPv4 header length below 20", withByte(esp4(OWNED), 14, 0x44), MALFORMED),
                new Case("SA without an owner", esp4(UNOWNED), HASHED_NO_OWNER),
                new Case("SA without an owner over IPv6", esp6(UNOWNED + OVER_IPV6), HASHED_NO_OWNER),
                new Case("owner outside the policy", esp4(OWNED_OUTSIDE_POLICY), OWNER_OUTSIDE_POLICY),
                new Case(
                        "owner outside the policy over IPv6",
                        esp6(OWNED_OUTSIDE_POLICY + OVER_IPV6),
                        OWNER_OUTSIDE_POLICY),
                new Case("unknown SPI", esp4(UNKNOWN), SA_UNKNOWN),
                new Case("unknown SPI over IPv6", esp6(UNKNOWN + OVER_IPV6), SA_UNKNOWN),
                new Case("SPI known for another destination", withByte(esp4(OWNED), 33, 9), SA_UNKNOWN),
                new Case("reserved SPI 0", esp4(0), SA_UNKNOWN),
                new Case("SA with a mark", esp4(MARKED), SA_UNKNOWN),
                new Case("SA of another namespace", esp4(ELSEWHERE), SA_UNKNOWN));
    }

    @ParameterizedTest
    @MethodSource("frames")
    void aFrameIsPassedOrSteeredUnchangedAndCountedOnce(Case frame) {
        assertOutcome(steer, frame.frame(), frame.expected());
    }

    @ParameterizedTest
    @MethodSource("frames")
    void aFrameCutAtAnyLengthIsNeverDroppedAndSteeredOnlyByAWholeEspHeader(Case frame) {
        for (int length = ETHERNET_HEADER; length < frame.frame().length; length++) {
            var cut = Arrays.copyOf(frame.frame(), length);
            assertSteeredByAWholeEspHeader(frame, cut, length);
        }
    }

    @ParameterizedTest
    @MethodSource("frames")
    void aFrameWhoseFirstBufferEndsAnywhereIsNeverDroppedAndSteeredOnlyByAWholeEspHeader(Case frame) {
        for (int linear = 0; linear < frame.frame().length; linear++) {
            assertSteeredByAWholeEspHeader(frame, frame.frame(), linear);
        }
    }

    private void assertSteeredByAWholeEspHeader(Case original, byte[] frame, int linear) {
        var before = steer.maps().counters();
        var run = run(steer, frame, linear);
        var after = steer.maps().counters();

        boolean wholeHeader = linear >= original.frame().length - Frames.ESP_SIZE + original.header();
        assertThat(run.action())
                .as("%d readable bytes", linear)
                .isEqualTo(original.expected().steered() && wholeHeader ? XDP_REDIRECT : XDP_PASS);
        assertThat(run.frame()).as("%d readable bytes", linear).isEqualTo(frame);
        assertThat(Totals.between(Totals.of(before), Totals.of(after))).isEqualTo(new Count(1, frame.length));
    }

    /** Mutated in the kernel, since a call for each would take minutes. */
    @Test
    void amongAMillionMutatedFramesNoneIsDroppedNorChangedAndAllAreCounted() {
        var frames = frames();
        try (var mutants = new Mutants()) {
            mutants.program().maps().apply(ONLY_CPU_0.withUnknownSpi(UnknownSpiHandling.COUNT));
            var result =
                    node.call(() -> mutants.run(frames.stream().map(Case::frame).toList(), MUTANTS));
            var counters = mutants.program().maps().counters();

            assertThat(result.unexpected())
                    .as("actions other than pass and redirect")
                    .isZero();
            assertThat(result.changed()).as("frames that the program changed").isZero();
            assertThat(result.passed() + result.redirected()).isEqualTo(MUTANTS);
            assertThat(Totals.of(counters)).isEqualTo(new Count(MUTANTS, (long) MUTANTS * Mutants.FRAME_SIZE));
            assertThat(Totals.steered(counters).packets())
                    .isEqualTo(result.redirected())
                    .isPositive();
            assertThat(Arrays.stream(Outcome.values())
                            .filter(outcome -> counters.of(outcome).packets() > 0))
                    .contains(
                            NOT_ESP, MALFORMED, FRAGMENT, EXTENSION_HEADER, OWNER, HASHED_NO_OWNER, SA_UNKNOWN, FIXED);
        }
    }

    @Test
    void anSpiThatNoSaHasIsDroppedWhereThePolicyWantsItAndTheFrameIsForThisNode() throws SocketException {
        var inUdp = ethernet(ipv4(UDP, udp(4500, ESP_IN_UDP, esp(UNKNOWN))));
        var transit = ethernet(ipv4(ESP, esp(UNKNOWN)));
        System.arraycopy(TRANSIT.getAddress(), 0, transit, ETHERNET_HEADER + 16, 4);
        try (var strict = load(SteerProgram.compiled(), EVERYTHING)) {
            strict.maps().apply(ONLY_CPU_0.withUnknownSpi(UnknownSpiHandling.DROP));

            assertOutcome(strict, esp4(UNKNOWN), SA_UNKNOWN_DROPPED);
            assertOutcome(strict, esp6(UNKNOWN + OVER_IPV6), SA_UNKNOWN_DROPPED);
            assertOutcome(strict, ethernet(ipv4(AH, ah(UNKNOWN))), SA_UNKNOWN_DROPPED);
            assertOutcome(strict, transit, SA_UNKNOWN);
            assertOutcome(strict, esp4(OWNED), OWNER);
            assertOutcome(strict, ethernet(ipv4(TCP, new byte[40])), NOT_ESP);

            assertOutcome(strict, inUdp, SA_UNKNOWN);
            try (var socket = node.call(() -> new DatagramSocket(ESP_IN_UDP))) {
                assertThat(socket.isBound()).isTrue();
                assertOutcome(strict, inUdp, SA_UNKNOWN_DROPPED);
            }

            strict.maps()
                    .apply(ONLY_CPU_0.withUnknownSpi(UnknownSpiHandling.DROP).withMark(0x42));
            assertOutcome(strict, esp4(MARKED), OWNER);
            strict.maps().apply(ONLY_CPU_0.withUnknownSpi(UnknownSpiHandling.COUNT));
            assertOutcome(strict, esp4(UNKNOWN), SA_UNKNOWN);
        }
    }

    @Test
    void whoSendsUnknownSpisIsKeptUnlessTheyArePassed() {
        try (var counting = load(SteerProgram.compiled(), EVERYTHING)) {
            counting.maps().apply(ONLY_CPU_0);
            assertOutcome(counting, esp4(UNKNOWN), SA_UNKNOWN);
            assertThat(counting.maps().unknownTalkers()).isEmpty();

            counting.maps().apply(ONLY_CPU_0.withUnknownSpi(UnknownSpiHandling.COUNT));
            IntStream.range(0, 3).forEach(i -> assertOutcome(counting, esp4(UNKNOWN), SA_UNKNOWN));
            assertOutcome(counting, ethernet(ipv6(AH, ah(UNKNOWN))), SA_UNKNOWN);
            var talkers = counting.maps().unknownTalkers();
            assertThat(talkers)
                    .extracting(UnknownTalker::source, UnknownTalker::destination)
                    .containsExactly(tuple(SOURCE4, DESTINATION4), tuple(Frames.SOURCE6, DESTINATION6));
            assertThat(talkers).extracting(UnknownTalker::packets).containsExactly(3L, 1L);
            assertThat(talkers).extracting(UnknownTalker::spi).containsOnly((long) UNKNOWN);
        }
    }

    /** Looking each one up would cost a good part of dropping it. */
    @Test
    void inAFloodWhoSendsHowManyUnknownSpisIsEstimated() {
        try (var counting = load(SteerProgram.compiled(), EVERYTHING)) {
            counting.maps().apply(ONLY_CPU_0.withUnknownSpi(UnknownSpiHandling.COUNT));
            node.run(() -> Bpf.testRun(counting.program(), esp4(UNKNOWN), esp4(UNKNOWN).length, FLOOD));
            assertThat(counting.maps().counters().of(SA_UNKNOWN).packets()).isEqualTo(FLOOD);
            assertThat(counting.maps().unknownTalkers())
                    .singleElement()
                    .satisfies(talker -> assertThat(talker.packets()).isCloseTo((long) FLOOD, withinPercentage(10)));
        }
    }

    /** The program remembers where it found an SA; nothing of what it says may be older than the SAD. */
    @Test
    void anSaThatIsReplacedByOneOfAnotherOwnerIsNeverSteeredByTheOldOne() {
        for (int i = 0; i < 500; i++) {
            boolean inPolicy = i % 2 == 0;
            node.run(() -> LarvalSa.make(SOURCE4, DESTINATION4, CHANGING, OptionalInt.of(inPolicy ? 0 : 1)));
            assertOutcome(steer, esp4(CHANGING), inPolicy ? OWNER : OWNER_OUTSIDE_POLICY);
            assertOutcome(steer, esp4(CHANGING), inPolicy ? OWNER : OWNER_OUTSIDE_POLICY);
            node.run(() -> LarvalSa.delete(DESTINATION4, CHANGING));
            assertOutcome(steer, esp4(CHANGING), SA_UNKNOWN);
        }
    }

    @Test
    void withoutTheCastsEachPacketIsASearchAndEndsTheSame() {
        try (var searching = load(SteerProgram.compiled(), new Capabilities(true, true, false, true))) {
            searching.maps().apply(ONLY_CPU_0);
            frames().forEach(frame -> assertOutcome(searching, frame.frame(), frame.expected()));
        }
    }

    @Test
    void byHashOwnersAreNotAsked() {
        try (var hashing = load(SteerProgram.compiled(), EVERYTHING)) {
            hashing.maps()
                    .apply(ONLY_CPU_0
                            .withAssignment(Assignment.HASH)
                            .withCountBuckets(true)
                            .withMovedBuckets(Map.of(HashCpus.bucketOf(OWNED), 0)));
            assertOutcome(hashing, esp4(OWNED), HASHED);
            assertOutcome(hashing, esp4(OWNED_OUTSIDE_POLICY), HASHED);
            assertOutcome(hashing, esp4(FIXED_SPI), FIXED);
            assertOutcome(hashing, esp4(UNKNOWN), SA_UNKNOWN);
            var packets = hashing.maps().bucketPackets();
            assertThat(packets[HashCpus.bucketOf(OWNED)]).isEqualTo(1);
            assertThat(Arrays.stream(packets).sum()).isEqualTo(2);
        }
    }

    @Test
    void aJumboFrameInSeveralBuffersIsSteeredAndCountedWhole() {
        var jumbo = Arrays.copyOf(esp4(OWNED), 9014);
        assertOutcome(steer, jumbo, OWNER);
    }

    @Test
    void withoutQueuesEverythingIsPassed() {
        try (var empty = load(SteerProgram.compiled(), EVERYTHING)) {
            assertOutcome(empty, esp4(OWNED), HASH_CPU_MISSING);
            assertOutcome(empty, esp4(UNOWNED), HASH_CPU_MISSING);
        }
    }

    @Test
    void aKernelWithoutTheLookupSteersAllEspByItsSpi() {
        var without = new Capabilities(false, false, false, true);
        for (var elf : List.of(SteerProgram.compiled(), Compiled.test("no_lookup"))) {
            try (var blind = load(elf, without)) {
                blind.maps().apply(ONLY_CPU_0);
                assertOutcome(blind, esp4(OWNED), HASHED_NO_LOOKUP);
                assertOutcome(blind, esp4(UNKNOWN), HASHED_NO_LOOKUP);
                assertOutcome(blind, esp6(UNKNOWN + OVER_IPV6), HASHED_NO_LOOKUP);
                assertOutcome(blind, ethernet(ipv4(TCP, new byte[40])), NOT_ESP);
            }
        }
    }

    @Test
    void aKernelWithoutOwnersSteersKnownSasByTheirSpi() {
        try (var ownerless = load(Compiled.test("no_owner_field"), EVERYTHING)) {
            ownerless.maps().apply(ONLY_CPU_0);
            assertOutcome(ownerless, esp4(OWNED), HASHED_NO_OWNER_FIELD);
            assertOutcome(ownerless, esp4(UNKNOWN), SA_UNKNOWN);
        }
    }

    @Test
    void theErrorsOfTheLookupAreCountedApartAndTheFramesPassed() {
        try (var lost = load(SteerProgram.compiled(), EVERYTHING);
                var refused = load(Compiled.test("refused_lookup"), EVERYTHING)) {
            lost.maps().apply(ONLY_CPU_0.withNetnsId(OptionalInt.of(0x7FFFFFF0)));
            refused.maps().apply(ONLY_CPU_0);
            assertOutcome(lost, esp4(OWNED), LOOKUP_ENONET);
            assertOutcome(refused, esp4(OWNED), LOOKUP_EINVAL);
        }
    }

    private void assertOutcome(SteerProgram program, byte[] frame, Outcome expected) {
        var before = program.maps().counters();
        var run = run(program, frame);
        var after = program.maps().counters();

        assertThat(Arrays.stream(Outcome.values()).filter(o -> !after.of(o).equals(before.of(o))))
                .containsExactly(expected);
        assertThat(Totals.between(before.of(expected), after.of(expected))).isEqualTo(new Count(1, frame.length));
        assertThat(run.action())
                .isEqualTo(expected.steered() ? XDP_REDIRECT : expected.dropped() ? XDP_DROP : XDP_PASS);
        assertThat(run.frame()).isEqualTo(frame);
    }

    private static SteerProgram load(byte[] elf, Capabilities capabilities) {
        return SteerProgram.load(elf, capabilities, AttachedMode.NATIVE, PinnedMaps.none());
    }

    private TestRun run(SteerProgram program, byte[] frame) {
        return run(program, frame, frame.length);
    }

    private TestRun run(SteerProgram program, byte[] frame, int linear) {
        return node.call(() -> Bpf.testRun(program.program(), frame, linear, 1));
    }

    private static byte[] extended(int type, int next, int units, int segmentsLeft) {
        return ethernet(ipv6(type, extension(next, units, segmentsLeft, esp(OWNED + OVER_IPV6))));
    }

    private static byte[] chained(int headers) {
        var payload = extension(ESP, 1, 0, esp(OWNED + OVER_IPV6));
        for (int i = 1; i < headers; i++) {
            payload = extension(DESTINATION_OPTIONS, 1, 0, payload);
        }
        return ethernet(ipv6(DESTINATION_OPTIONS, payload));
    }

    private static byte[] ahBehindOptions() {
        return ethernet(ipv6(HOP_BY_HOP, extension(AH, 1, 0, ah(AUTHENTICATED + OVER_IPV6))));
    }

    private static byte[] otherPortKeepalive() {
        return ethernet(ipv4(UDP, udp(4500, OTHER_PORT, new byte[] {(byte) 0xFF})));
    }

    private static byte[] withByte(byte[] frame, int index, int value) {
        var changed = frame.clone();
        changed[index] = (byte) value;
        return changed;
    }

    private static void makeSas(InetAddress destination, int offset) {
        var source = Frames.source(destination);
        LarvalSa.make(source, destination, OWNED + offset, OptionalInt.of(0));
        LarvalSa.make(source, destination, UNOWNED + offset, OptionalInt.empty());
        LarvalSa.make(source, destination, OWNED_OUTSIDE_POLICY + offset, OptionalInt.of(1));
        LarvalSa.make(
                source,
                destination,
                LarvalSa.IPPROTO_AH,
                AUTHENTICATED + offset,
                OptionalInt.of(0),
                OptionalInt.empty());
        LarvalSa.make(source, destination, MARKED + offset, OptionalInt.of(0), OptionalInt.of(0x42));
    }
}
