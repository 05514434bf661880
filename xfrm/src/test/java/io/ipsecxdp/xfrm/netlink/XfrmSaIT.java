package io.ipsecxdp.xfrm.netlink;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.InGuest;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.NotificationGroup;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.Subscription;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.Templates;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** SAs on a kernel with ESP: what is installed is what the kernel shows, and packets go through it. */
@InGuest
@Timeout(120)
class XfrmSaIT {

    private static final Aead GCM = Aead.aesGcm(128, 128);
    private static final String KEY = "000102030405060708090a0b0c0d0e0f10111213";
    private static final long REQID = 0x10000001L;

    /** One host: 10.0.0.N and fd00::N towards the other, 10.N.0.1 and fd00:N::1 behind it. */
    private record Host(NetworkNamespace namespace, NetlinkXfrm xfrm, int number) {

        InetAddress outer(AddressFamily family) {
            return switch (family) {
                case IPV4 -> ip("10.0.0." + number);
                case IPV6 -> ip("fd00::" + number);
            };
        }

        InetAddress inner(AddressFamily family) {
            return switch (family) {
                case IPV4 -> ip("10.%d.0.1".formatted(number));
                case IPV6 -> ip("fd00:%d::1".formatted(number));
            };
        }

        void apply(Change... changes) {
            assertThat(xfrm.apply(List.of(changes))).allMatch(Result::done);
        }

        ObservedSa get(SaId id) {
            return xfrm.get(id).orElseThrow();
        }
    }

    private Host left;
    private Host right;
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void needAKernelWithEsp() {
        Needs.root();
        Needs.program("ip");
        Needs.program("ping");
        try (NetworkNamespace namespace = NetworkNamespace.create();
                NetlinkXfrm xfrm = namespace.call(NetlinkXfrm::open)) {
            if (xfrm.capabilities().esp().isEmpty()) {
                Needs.missing("a kernel with ESP: "
                        + String.join(" ", xfrm.capabilities().missing()));
            }
        }
    }

    @BeforeEach
    void connectTwoHosts() {
        left = host(1);
        right = host(2);
        left.namespace()
                .ip("link add eth0 type veth peer name eth0 netns "
                        + right.namespace().path());
        Stream.of(left, right).forEach(host -> {
            int other = 3 - host.number();
            host.namespace()
                    .ip(
                            "addr add 10.0.0.%d/24 dev eth0".formatted(host.number()),
                            "addr add fd00::%d/64 dev eth0 nodad".formatted(host.number()),
                            "link set eth0 up",
                            "addr add 10.%d.0.1/32 dev lo".formatted(host.number()),
                            "addr add fd00:%d::1/128 dev lo nodad".formatted(host.number()),
                            "route add 10.%d.0.0/16 via 10.0.0.%d src 10.%d.0.1".formatted(other, other, host.number()),
                            "route add fd00:%d::/64 via fd00::%d src fd00:%d::1"
                                    .formatted(other, other, host.number()));
        });
    }

    @AfterEach
    void takeDown() throws Exception {
        for (AutoCloseable resource : open.reversed()) {
            resource.close();
        }
    }

    private Host host(int number) {
        NetworkNamespace namespace = NetworkNamespace.create();
        open.add(namespace);
        NetlinkXfrm xfrm = namespace.call(NetlinkXfrm::open);
        open.add(xfrm);
        return new Host(namespace, xfrm, number);
    }

    private static KeyMaterial key() {
        return KeyMaterial.takeFrom(HexFormat.of().parseHex(KEY));
    }

    private static Change add(Sa sa) {
        return add(sa, 0);
    }

    /** All SAs of a test have one key, which no SA outside of it has. */
    private static Change add(Sa sa, long lastSequence) {
        KeyMaterial key = sa.algorithms().keyBytes() == GCM.keyBytes()
                ? key()
                : KeyMaterial.random(sa.algorithms().keyBytes());
        return new Change.AddSa(sa, key, lastSequence);
    }

    private static Sa sa(Host from, Host to, AddressFamily family, SaDir direction, Mode mode, long spi) {
        return SaBuilder.builder()
                .id(SaId.esp(to.outer(family), spi))
                .source(from.outer(family))
                .direction(direction)
                .mode(mode)
                .algorithms(GCM)
                .reqid(REQID)
                .replayWindow(direction == SaDir.IN ? 4096 : 0)
                .esn(true)
                .build();
    }

    private static Policy protect(
            PolicyDir direction, Host from, Host to, AddressFamily outer, AddressFamily inner, Mode mode) {
        XfrmSelector selector = switch (mode) {
            case TRANSPORT -> XfrmSelector.between(Prefix.host(from.outer(outer)), Prefix.host(to.outer(outer)));
            default -> XfrmSelector.between(Prefix.host(from.inner(inner)), Prefix.host(to.inner(inner)));
        };
        Template template = mode == Mode.TRANSPORT
                ? Templates.espTransport(outer, REQID)
                : Templates.espTunnel(from.outer(outer), to.outer(outer), REQID);
        return new Policy(PolicyId.of(direction, selector), 1000, Policy.Action.ALLOW, List.of(template));
    }

    /** Both directions between the hosts, by our hand at both ends. */
    private void connect(AddressFamily outer, AddressFamily inner, Mode mode) {
        Stream.of(List.of(left, right), List.of(right, left)).forEach(ends -> {
            Host from = ends.getFirst();
            Host to = ends.getLast();
            to.apply(
                    add(sa(from, to, outer, SaDir.IN, mode, spi(from))),
                    new Change.AddPolicy(protect(PolicyDir.IN, from, to, outer, inner, mode)));
            from.apply(
                    add(sa(from, to, outer, SaDir.OUT, mode, spi(from))),
                    new Change.AddPolicy(protect(PolicyDir.OUT, from, to, outer, inner, mode)));
        });
    }

    private static long spi(Host sender) {
        return 0xabcd0000L + sender.number();
    }

    private SaId fromLeft(AddressFamily outer) {
        return SaId.esp(right.outer(outer), spi(left));
    }

    private static void ping(Host from, InetAddress to, int count) {
        from.namespace().run("ping -n -q -c %d -i 0.01 -W 5 %s".formatted(count, to.getHostAddress()));
    }

    @Test
    void everyKindOfSaReadsBackAsItWasMeant() {
        List<Sa> sas = new ArrayList<>();
        for (AddressFamily family : AddressFamily.values()) {
            for (SaDir direction : SaDir.values()) {
                for (Mode mode : List.of(Mode.TUNNEL, Mode.TRANSPORT)) {
                    for (boolean esn : List.of(true, false)) {
                        for (Aead aead : Aead.aesGcmVariants()) {
                            OptionalInt cpu = IntStream.of(sas.size() % 3)
                                    .filter(c -> c < 2)
                                    .findFirst();
                            int window = List.of(32, 33, 128, 4096).get(sas.size() % 4);
                            sas.add(SaBuilder.builder()
                                    .id(SaId.esp(right.outer(family), 0xf0000000L + sas.size()))
                                    .source(left.outer(family))
                                    .direction(direction)
                                    .mode(mode)
                                    .algorithms(aead)
                                    .reqid(sas.size())
                                    .replayWindow(direction == SaDir.IN ? window : 0)
                                    .esn(esn)
                                    .ownerCpu(cpu)
                                    .build());
                        }
                    }
                }
            }
        }

        assertThat(left.xfrm().apply(sas.stream().map(XfrmSaIT::add).toList()))
                .allSatisfy(result -> assertThat(result.error()).isEmpty());

        Map<SaId, ObservedSa> shown =
                left.xfrm().dumpSas().entries().stream().collect(Collectors.toMap(ObservedSa::id, Function.identity()));
        assertThat(shown).hasSameSizeAs(sas);
        assertThat(sas).allSatisfy(sa -> {
            assertThat(Differences.between(sa, shown.get(sa.id()), left.xfrm().capabilities()))
                    .isEmpty();
            assertThat(left.get(sa.id())).isEqualTo(shown.get(sa.id()));
            assertThat(shown.get(sa.id()).larval()).isFalse();
        });

        assertThat(left.xfrm()
                        .apply(sas.stream()
                                .<Change>map(sa -> new Change.DeleteSa(sa.id()))
                                .toList()))
                .allMatch(Result::done);
        assertThat(left.xfrm().dumpSas().entries()).isEmpty();
    }

    @Test
    void anIdentityThatIsTakenIsRefusedWhateverTheSource() {
        Sa first = sa(left, right, AddressFamily.IPV4, SaDir.OUT, Mode.TUNNEL, 0x1000);
        Sa sameIdentity = SaBuilder.builder()
                .id(first.id())
                .source(ip("10.0.0.77"))
                .direction(SaDir.IN)
                .mode(Mode.TRANSPORT)
                .algorithms(GCM)
                .reqid(5)
                .replayWindow(32)
                .build();
        left.apply(add(first));

        Result result = left.xfrm().apply(List.of(add(sameIdentity))).getFirst();

        assertThat(result.error().map(KernelError::exists)).contains(true);
        assertThat(Differences.between(first, left.get(first.id()), left.xfrm().capabilities()))
                .isEmpty();
    }

    @Test
    void oneBadSaIsRefusedInTheKernelsWordsAndTheOthersAreInstalled() {
        Sa good = sa(left, right, AddressFamily.IPV4, SaDir.OUT, Mode.TUNNEL, 0x1000);
        Sa unknownAlgorithm = SaBuilder.builder()
                .id(SaId.esp(right.outer(AddressFamily.IPV4), 0x1001))
                .source(good.source())
                .direction(SaDir.OUT)
                .mode(Mode.TUNNEL)
                .algorithms(new Aead("rfc4106(gcm(nonsense))", 160, 128))
                .reqid(5)
                .replayWindow(0)
                .esn(true)
                .build();
        Sa alsoGood = sa(left, right, AddressFamily.IPV6, SaDir.IN, Mode.TRANSPORT, 0x1002);

        List<Result> results = left.xfrm().apply(List.of(add(good), add(unknownAlgorithm), add(good), add(alsoGood)));

        assertThat(results)
                .extracting(result -> result.error().map(KernelError::errno))
                .containsExactly(
                        Optional.empty(), Optional.of(Errno.ENOSYS), Optional.of(Errno.EEXIST), Optional.empty());
        assertThat(results.get(1).error().flatMap(KernelError::reason))
                .hasValueSatisfying(words -> assertThat(words).containsIgnoringCase("algorithm"));
        assertThat(left.xfrm().dumpSas().entries())
                .extracting(ObservedSa::id)
                .containsExactlyInAnyOrder(good.id(), alsoGood.id());
    }

    @Test
    void anOwnerCpuThatTheMachineDoesNotHaveIsRefused() {
        assertThat(left.xfrm().capabilities().perCpuSa()).isTrue();
        Sa sa = sa(left, right, AddressFamily.IPV4, SaDir.OUT, Mode.TUNNEL, 0x1000)
                .withOwnerCpu(OptionalInt.of(100_000));

        KernelError error =
                left.xfrm().apply(List.of(add(sa))).getFirst().error().orElseThrow();

        assertThat(error.errno()).isEqualTo(Errno.ERANGE);
        assertThat(error.reason()).hasValueSatisfying(words -> assertThat(words).containsIgnoringCase("cpu"));
    }

    @Test
    void sasThatDifferInTheirMarkAreTwo() {
        Sa plain = sa(left, right, AddressFamily.IPV4, SaDir.OUT, Mode.TUNNEL, 0x1000);
        List<Sa> marked = Stream.of(new XfrmMark(1, 0xff), new XfrmMark(2, 0xff))
                .map(mark -> SaBuilder.builder()
                        .id(new SaId(
                                plain.id().destination(),
                                IpProtocol.ESP,
                                plain.id().spi(),
                                mark))
                        .source(plain.source())
                        .direction(plain.direction())
                        .mode(plain.mode())
                        .algorithms(plain.algorithms())
                        .reqid(plain.reqid() + mark.value())
                        .replayWindow(0)
                        .esn(true)
                        .build())
                .toList();

        left.apply(add(marked.getFirst()), add(marked.getLast()));

        assertThat(left.get(marked.getFirst().id()).reqid()).isEqualTo(REQID + 1);
        left.apply(new Change.DeleteSa(marked.getFirst().id()));
        assertThat(left.xfrm().dumpSas().entries())
                .extracting(ObservedSa::id)
                .containsExactly(marked.getLast().id());
    }

    /** {@code __xfrm_state_locate} looks with the new SA's mark, and an SA without a mark matches any. */
    @Test
    void anSaWithoutAMarkTakesTheIdentityForEveryMark() {
        Sa plain = sa(left, right, AddressFamily.IPV4, SaDir.OUT, Mode.TUNNEL, 0x1000);
        Sa marked = SaBuilder.builder()
                .id(new SaId(
                        plain.id().destination(), IpProtocol.ESP, plain.id().spi(), new XfrmMark(1, 0xff)))
                .source(plain.source())
                .direction(plain.direction())
                .mode(plain.mode())
                .algorithms(plain.algorithms())
                .reqid(plain.reqid())
                .replayWindow(0)
                .esn(true)
                .build();
        left.apply(add(plain));

        assertThat(left.xfrm().apply(List.of(add(marked))).getFirst().error().map(KernelError::exists))
                .contains(true);
    }

    @Test
    void anSaOfTheProbeEndsByItselfWhenNobodyRemovesIt() {
        Sa sa = sa(left, right, AddressFamily.IPV4, SaDir.IN, Mode.TRANSPORT, 0x1000);
        try (Subscription subscription =
                        left.namespace().call(() -> left.xfrm().subscribe(Set.of(NotificationGroup.EXPIRE)));
                KeyMaterial key = key()) {
            Sa brief = sa.withOptions(SaOptions.NONE.withLifetime(Lifetime.ofSeconds(1)));
            left.apply(new Change.AddSa(brief, key));

            assertThat(subscription.next())
                    .containsExactly(new Notification(new Notification.SaExpired(sa.id(), true), false));

            assertThat(left.xfrm().dumpSas().entries()).isEmpty();
        }
    }

    static Stream<Arguments> connections() {
        return Stream.of(
                Arguments.of(AddressFamily.IPV4, AddressFamily.IPV4, Mode.TUNNEL),
                Arguments.of(AddressFamily.IPV4, AddressFamily.IPV6, Mode.TUNNEL),
                Arguments.of(AddressFamily.IPV6, AddressFamily.IPV6, Mode.TUNNEL),
                Arguments.of(AddressFamily.IPV6, AddressFamily.IPV4, Mode.TUNNEL),
                Arguments.of(AddressFamily.IPV4, AddressFamily.IPV4, Mode.TRANSPORT),
                Arguments.of(AddressFamily.IPV6, AddressFamily.IPV6, Mode.TRANSPORT));
    }

    @ParameterizedTest
    @MethodSource("connections")
    void packetsGoThroughBothEnds(AddressFamily outer, AddressFamily inner, Mode mode) {
        connect(outer, inner, mode);

        ping(left, mode == Mode.TRANSPORT ? right.outer(outer) : right.inner(inner), 20);

        assertThat(left.get(fromLeft(outer)).counters().packets()).isGreaterThanOrEqualTo(20);
        assertThat(left.get(fromLeft(outer)).replay().lastSent())
                .isEqualTo(left.get(fromLeft(outer)).counters().packets());
        ObservedSa received = right.get(fromLeft(outer));
        assertThat(received.counters().packets())
                .isEqualTo(left.get(fromLeft(outer)).counters().packets());
        assertThat(received.replay().lastReceived())
                .isEqualTo(received.counters().packets());
        assertThat(received.counters().firstUsed()).isPresent();
        assertThat(received.errors()).isEqualTo(new ObservedSa.Errors(0, 0, 0));
    }

    @Test
    void whatWeSendIsReadByAnSaThatIproute2Made() {
        AddressFamily v4 = AddressFamily.IPV4;
        left.apply(
                add(sa(left, right, v4, SaDir.OUT, Mode.TUNNEL, spi(left))),
                add(sa(right, left, v4, SaDir.IN, Mode.TUNNEL, spi(right))),
                new Change.AddPolicy(protect(PolicyDir.OUT, left, right, v4, v4, Mode.TUNNEL)),
                new Change.AddPolicy(protect(PolicyDir.IN, right, left, v4, v4, Mode.TUNNEL)));
        String state = "ip xfrm state add src 10.0.0.%d dst 10.0.0.%d proto esp spi %d reqid 1 mode tunnel"
                + " replay-window 128 flag esn aead rfc4106(gcm(aes)) 0x" + KEY + " 128";
        right.namespace().run(state.formatted(1, 2, spi(left)));
        right.namespace().run(state.formatted(2, 1, spi(right)));
        String policy = "ip xfrm policy add dir %s src 10.%d.0.1/32 dst 10.%d.0.1/32"
                + " tmpl src 10.0.0.%d dst 10.0.0.%d proto esp reqid 1 mode tunnel";
        right.namespace().run(policy.formatted("in", 1, 2, 1, 2));
        right.namespace().run(policy.formatted("out", 2, 1, 2, 1));

        ping(left, right.inner(v4), 5);

        assertThat(right.get(fromLeft(v4)).counters().packets()).isEqualTo(5);
    }

    @Test
    void anSaGoesOnAfterTheSequenceNumberThatItIsGiven() {
        long beyond32Bits = (7L << 32) + 0xffff_fff0L;
        AddressFamily v4 = AddressFamily.IPV4;
        Sa extended = sa(left, right, v4, SaDir.OUT, Mode.TUNNEL, spi(left));
        Sa plain = SaBuilder.builder()
                .id(SaId.esp(right.outer(v4), 0x2000))
                .source(extended.source())
                .direction(SaDir.OUT)
                .mode(Mode.TUNNEL)
                .algorithms(GCM)
                .reqid(REQID + 1)
                .replayWindow(0)
                .build();
        left.apply(add(extended, beyond32Bits), add(plain, 0xffff_0000L));
        assertThat(left.get(extended.id()).replay().lastSent()).isEqualTo(beyond32Bits);
        assertThat(left.get(plain.id()).replay().lastSent()).isEqualTo(0xffff_0000L);
        left.apply(new Change.AddPolicy(protect(PolicyDir.OUT, left, right, v4, v4, Mode.TUNNEL)));

        // Nobody answers: the right side knows no SA
        left.namespace().attempt(List.of("ping", "-c", "40", "-i", "0.01", "-W", "1", "10.2.0.1"));

        assertThat(left.get(extended.id()).replay().lastSent()).isEqualTo(beyond32Bits + 40);
    }

    @Test
    void whoeverDeletesAnSaTheLastSequenceNumberIsToldOnce() {
        AddressFamily v4 = AddressFamily.IPV4;
        connect(v4, v4, Mode.TUNNEL);
        ping(left, right.inner(v4), 7);
        try (Subscription subscription =
                left.namespace().call(() -> left.xfrm().subscribe(Set.of(NotificationGroup.SA)))) {
            left.namespace().run("ip xfrm state delete src 10.0.0.1 dst 10.0.0.2 proto esp spi " + spi(left));

            List<Notification> notifications = subscription.next();

            assertThat(notifications).singleElement().satisfies(notification -> {
                assertThat(notification.own()).isFalse();
                assertThat(notification.event()).isInstanceOfSatisfying(Notification.SaDeleted.class, deleted -> {
                    assertThat(deleted.sa().id()).isEqualTo(fromLeft(v4));
                    assertThat(deleted.sa().replay().lastSent()).isEqualTo(7);
                });
            });
        }
    }

    @Test
    void aFlushTellsNoSequenceNumbers() {
        AddressFamily v4 = AddressFamily.IPV4;
        connect(v4, v4, Mode.TUNNEL);
        try (Subscription subscription =
                left.namespace().call(() -> left.xfrm().subscribe(Set.of(NotificationGroup.SA)))) {
            left.namespace().run("ip xfrm state flush");
            left.apply(add(sa(left, right, v4, SaDir.OUT, Mode.TUNNEL, 0x3000)));

            List<Notification.Event> events = new ArrayList<>();
            while (events.size() < 2) {
                subscription.next().forEach(notification -> events.add(notification.event()));
            }

            assertThat(events.getFirst()).isEqualTo(new Notification.SasFlushed(IpProtocol.ANY));
            assertThat(events.getLast()).isInstanceOf(Notification.SaAdded.class);
        }
    }

    @Test
    void eachCpuSendsWithItsOwnSaAndTheOthersWithTheFallback() {
        assertThat(left.xfrm().capabilities().perCpuSa()).isTrue();
        if (Files.notExists(Path.of("/sys/devices/system/cpu/cpu1"))) {
            Needs.missing("two CPUs");
        }
        AddressFamily v4 = AddressFamily.IPV4;
        Sa fallback = sa(left, right, v4, SaDir.OUT, Mode.TUNNEL, 0x1000);
        Sa ofCpu1 = sa(left, right, v4, SaDir.OUT, Mode.TUNNEL, 0x1001).withOwnerCpu(OptionalInt.of(1));
        left.apply(
                add(fallback),
                add(ofCpu1),
                new Change.AddPolicy(protect(PolicyDir.OUT, left, right, v4, v4, Mode.TUNNEL)));

        left.namespace().attempt(List.of("taskset", "-c", "0", "ping", "-c", "5", "-i", "0.01", "-W", "1", "10.2.0.1"));
        left.namespace().attempt(List.of("taskset", "-c", "1", "ping", "-c", "9", "-i", "0.01", "-W", "1", "10.2.0.1"));

        assertThat(left.get(fallback.id()).counters().packets()).isEqualTo(5);
        assertThat(left.get(ofCpu1.id()).counters().packets()).isEqualTo(9);
    }

    /** {@code xfrm_state_add} puts it in the place of the larval SA that {@code __find_acq_core} finds. */
    @Test
    void theSaThatAnAcquireAskedForTakesThePlaceOfTheLarvalOne() {
        AddressFamily v4 = AddressFamily.IPV4;
        right.apply(
                add(sa(left, right, v4, SaDir.IN, Mode.TUNNEL, spi(left))),
                new Change.AddPolicy(protect(PolicyDir.IN, left, right, v4, v4, Mode.TUNNEL)));
        left.apply(new Change.AddPolicy(protect(PolicyDir.OUT, left, right, v4, v4, Mode.TUNNEL)));
        try (Subscription subscription =
                left.namespace().call(() -> left.xfrm().subscribe(Set.of(NotificationGroup.ACQUIRE)))) {
            left.namespace().attempt(List.of("ping", "-c", "1", "-W", "1", "10.2.0.1"));
            assertThat(subscription.next())
                    .extracting(Notification::event)
                    .hasOnlyElementsOfType(Notification.Acquire.class);
        }
        assertThat(left.xfrm().dumpSas().entries()).singleElement().satisfies(larval -> {
            assertThat(larval.larval()).isTrue();
            assertThat(larval.id().spi()).isZero();
        });

        left.apply(add(sa(left, right, v4, SaDir.OUT, Mode.TUNNEL, spi(left))));
        left.namespace().attempt(List.of("ping", "-c", "3", "-i", "0.01", "-W", "1", "10.2.0.1"));

        assertThat(left.xfrm().dumpSas().entries()).extracting(ObservedSa::id).containsExactly(fromLeft(v4));
        assertThat(right.get(fromLeft(v4)).counters().packets()).isEqualTo(3);
    }

    /** The larval SA of another reqid or mode stays for {@code net.core.xfrm_acq_expires} seconds, and hinders nothing. */
    @Test
    void aLarvalSaThatNoSaAnswersIsNotInTheWayOfOne() {
        AddressFamily v4 = AddressFamily.IPV4;
        left.apply(new Change.AddPolicy(protect(PolicyDir.OUT, left, right, v4, v4, Mode.TUNNEL)));
        try (Subscription subscription =
                left.namespace().call(() -> left.xfrm().subscribe(Set.of(NotificationGroup.ACQUIRE)))) {
            left.namespace().attempt(List.of("ping", "-c", "1", "-W", "1", "10.2.0.1"));
            subscription.next();
        }
        Sa other = sa(left, right, v4, SaDir.OUT, Mode.TRANSPORT, 0x4000);
        Sa owned = sa(left, right, v4, SaDir.OUT, Mode.TUNNEL, 0x4001).withOwnerCpu(OptionalInt.of(0));
        left.apply(add(other), add(owned));

        assertThat(left.xfrm().dumpSas().entries())
                .filteredOn(sa -> !sa.larval())
                .extracting(ObservedSa::id)
                .containsExactlyInAnyOrder(other.id(), owned.id());
        left.namespace().attempt(List.of("taskset", "-c", "0", "ping", "-c", "3", "-i", "0.01", "-W", "1", "10.2.0.1"));
        assertThat(left.get(owned.id()).counters().packets()).isEqualTo(3);
    }

    @Test
    void thousandsOfSasAreOneCall() {
        List<Sa> sas = IntStream.range(0, 2000)
                .mapToObj(i -> sa(left, right, AddressFamily.IPV4, SaDir.IN, Mode.TUNNEL, 0x10000L + i * 0x10001L))
                .toList();

        assertThat(left.xfrm().apply(sas.stream().map(XfrmSaIT::add).toList())).allMatch(Result::done);

        assertThat(left.xfrm().dumpSas().entries().stream().map(ObservedSa::id).collect(Collectors.toSet()))
                .isEqualTo(sas.stream().map(Sa::id).collect(Collectors.toSet()));
        assertThat(left.xfrm()
                        .apply(sas.stream()
                                .<Change>map(sa -> new Change.DeleteSa(sa.id()))
                                .toList()))
                .allMatch(Result::done);
    }

    @Test
    void probingFindsWhatThisKernelHasAndLeavesNothingBehind() {
        assertThat(left.xfrm().capabilities().esp()).containsExactlyInAnyOrder(AddressFamily.values());
        assertThat(left.xfrm().capabilities().aeads()).containsExactlyInAnyOrderElementsOf(Aead.known());
        assertThat(left.xfrm().dumpSas().entries()).isEmpty();
    }
}
