package io.ipsecxdp.xfrm.netlink;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.Notification;
import io.ipsecxdp.xfrm.NotificationGroup;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Prefix;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Subscription;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.Templates;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What needs a real kernel with XFRM, but no ESP: policies, larval SAs, notifications. */
@Timeout(60)
class XfrmKernelIT {

    private static final XfrmSelector OFFICES = XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/16"));

    private NetworkNamespace namespace;
    private NetlinkXfrm xfrm;

    @BeforeEach
    void enterAFreshNamespace() {
        Needs.root();
        Needs.program("ip");
        namespace = NetworkNamespace.create();
        xfrm = namespace.call(NetlinkXfrm::open);
    }

    @AfterEach
    void leave() {
        if (xfrm != null) {
            xfrm.close();
        }
        if (namespace != null) {
            namespace.close();
        }
    }

    private static Policy policy(PolicyDir direction, XfrmSelector selector, Template... templates) {
        return new Policy(PolicyId.of(direction, selector), 1000, Policy.Action.ALLOW, List.of(templates));
    }

    private static Policy numbered(int number) {
        Prefix destination = Prefix.host(ip("10.3.%d.%d".formatted(number / 256, number % 256)));
        return policy(PolicyDir.OUT, XfrmSelector.between(prefix("10.1.0.0/16"), destination));
    }

    private static Change add(Policy policy) {
        return new Change.AddPolicy(policy);
    }

    private static Change delete(Policy policy) {
        return new Change.DeletePolicy(policy.id());
    }

    private void applied(Change... changes) {
        assertThat(xfrm.apply(List.of(changes))).allMatch(Result::done);
    }

    private Map<PolicyId, ObservedPolicy> dump() {
        return xfrm.dumpPolicies().entries().stream()
                .collect(Collectors.toMap(ObservedPolicy::id, Function.identity()));
    }

    /** A foreign larval SA, as an IKE daemon reserves it. */
    private SaId larval(String source, String destination, long spi) {
        namespace.run("ip xfrm state allocspi src %s dst %s proto esp mode tunnel reqid 77 min %d max %d"
                .formatted(source, destination, spi, spi));
        return SaId.esp(ip(destination), spi);
    }

    private Subscription subscribe(NotificationGroup... groups) {
        return namespace.call(() -> xfrm.subscribe(Set.of(groups)));
    }

    private static List<Notification> read(Subscription subscription, int count) {
        List<Notification> all = new ArrayList<>();
        while (all.size() < count) {
            all.addAll(subscription.next());
        }
        return all;
    }

    @Test
    void everyKindOfPolicyReadsBackAsItWasMeant() {
        Template tunnel4 = Templates.espTunnel(ip("192.0.2.1"), ip("192.0.2.2"), 0x10000001L);
        Template tunnel6 = Templates.espTunnel(ip("2001:db8::1"), ip("2001:db8::2"), 0xffff_ffffL);
        XfrmSelector offices6 = XfrmSelector.between(prefix("2001:db8:1::/48"), prefix("2001:db8:2::/48"));
        List<Policy> policies = List.of(
                policy(PolicyDir.OUT, OFFICES, tunnel4),
                policy(PolicyDir.IN, OFFICES, tunnel4),
                policy(PolicyDir.FORWARD, OFFICES, tunnel4),
                policy(PolicyDir.OUT, offices6, tunnel6),
                policy(PolicyDir.IN, offices6, tunnel4),
                policy(
                        PolicyDir.OUT,
                        XfrmSelector.between(prefix("192.0.2.1/32"), prefix("192.0.2.2/32")),
                        Templates.espTransport(AddressFamily.IPV4, 5)),
                policy(PolicyDir.OUT, OFFICES.with(new IpProtocol(6), PortMatch.ANY, PortMatch.exactly(443)), tunnel4),
                policy(PolicyDir.OUT, OFFICES.with(new IpProtocol(17), PortMatch.exactly(53), PortMatch.ANY)),
                new Policy(
                        PolicyId.of(
                                PolicyDir.FORWARD, XfrmSelector.between(prefix("0.0.0.0/0"), prefix("10.9.0.0/16"))),
                        0xffff_ffffL,
                        Policy.Action.BLOCK,
                        List.of()),
                new Policy(
                        new PolicyId(PolicyDir.OUT, OFFICES, new XfrmMark(7, 0xff), 42, PolicyId.Type.MAIN),
                        0,
                        Policy.Action.ALLOW,
                        List.of()));

        assertThat(xfrm.apply(policies.stream().map(XfrmKernelIT::add).toList()))
                .allMatch(Result::done);

        Map<PolicyId, ObservedPolicy> shown = dump();
        assertThat(shown).hasSameSizeAs(policies);
        assertThat(policies)
                .allSatisfy(policy -> assertThat(Differences.between(policy, shown.get(policy.id())))
                        .isEmpty());
        assertThat(policies)
                .allSatisfy(policy -> assertThat(xfrm.get(policy.id())).contains(shown.get(policy.id())));
        assertThat(namespace.run("ip xfrm policy")).contains("mark 0x7/0xff", "if_id 0x2a");

        assertThat(xfrm.apply(policies.stream().map(XfrmKernelIT::delete).toList()))
                .allMatch(Result::done);
        assertThat(dump()).isEmpty();
        assertThat(policies)
                .allSatisfy(policy -> assertThat(xfrm.get(policy.id())).isEmpty());
    }

    @Test
    void whatIsThereAlreadyIsNotReplaced() {
        namespace.run("ip xfrm policy add dir out src 10.1.0.0/16 dst 10.2.0.0/16 priority 5");

        Result result = xfrm.apply(List.of(add(policy(PolicyDir.OUT, OFFICES)))).getFirst();

        assertThat(result.error().map(KernelError::exists)).contains(true);
        assertThat(dump().values())
                .singleElement()
                .satisfies(found -> assertThat(found.priority()).isEqualTo(5));
    }

    @Test
    void ourOwnPolicyIsReplacedInItsPlace() {
        Policy before = policy(PolicyDir.OUT, OFFICES);
        Policy after = new Policy(before.id(), 7, Policy.Action.BLOCK, List.of());
        applied(add(before));

        applied(new Change.ReplacePolicy(after));

        assertThat(dump().values())
                .singleElement()
                .satisfies(
                        found -> assertThat(Differences.between(after, found)).isEmpty());
    }

    @Test
    void oneBadEntryDoesNotStopTheOthers() {
        applied(add(numbered(1)));

        List<Result> results = xfrm.apply(List.of(
                add(numbered(2)), add(numbered(1)), delete(numbered(9)), add(numbered(3)), delete(numbered(1))));

        assertThat(results)
                .extracting(result -> result.error().map(KernelError::errno))
                .containsExactly(
                        Optional.empty(),
                        Optional.of(Errno.EEXIST),
                        Optional.of(Errno.ENOENT),
                        Optional.empty(),
                        Optional.empty());
        assertThat(results.get(2).error().map(KernelError::absent)).contains(true);
        assertThat(dump().keySet())
                .containsExactlyInAnyOrder(numbered(2).id(), numbered(3).id());
    }

    @Test
    void thousandsOfChangesAreOneCall() {
        List<Policy> policies =
                IntStream.range(0, 3000).mapToObj(XfrmKernelIT::numbered).toList();

        assertThat(xfrm.apply(policies.stream().map(XfrmKernelIT::add).toList()))
                .allMatch(Result::done);

        assertThat(dump().keySet()).isEqualTo(policies.stream().map(Policy::id).collect(Collectors.toSet()));
    }

    @Test
    void aDumpIsWholeWhileTheTableChanges() {
        List<Policy> stable =
                IntStream.range(0, 1000).mapToObj(XfrmKernelIT::numbered).toList();
        xfrm.apply(stable.stream().map(XfrmKernelIT::add).toList());
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Integer> disturbance = CompletableFuture.supplyAsync(() -> {
            int rounds = 0;
            try (NetlinkXfrm other = namespace.call(NetlinkXfrm::open)) {
                List<Policy> passing = IntStream.range(1000, 1050)
                        .mapToObj(XfrmKernelIT::numbered)
                        .toList();
                while (!stop.get()) {
                    other.apply(Stream.concat(
                                    passing.stream().map(XfrmKernelIT::add),
                                    passing.stream().map(XfrmKernelIT::delete))
                            .toList());
                    rounds++;
                }
            }
            return rounds;
        });
        Collection<PolicyId> stableIds = stable.stream().map(Policy::id).toList();

        for (int i = 0; i < 20; i++) {
            assertThat(dump().keySet().containsAll(stableIds)).isTrue();
        }

        stop.set(true);
        assertThat(disturbance.join()).isGreaterThan(1);
    }

    @Test
    void larvalSasAreShownAndCanBeDeleted() {
        SaId v4 = larval("10.0.0.1", "10.0.0.2", 0x1234);
        SaId v6 = larval("2001:db8::1", "2001:db8::2", 0xfedcba98L);

        assertThat(xfrm.dumpSas().entries()).extracting(ObservedSa::id).containsExactlyInAnyOrder(v4, v6);
        assertThat(xfrm.dumpSas().entries()).allMatch(ObservedSa::larval);
        assertThat(xfrm.get(v6)).hasValueSatisfying(sa -> {
            assertThat(sa.source()).isEqualTo(ip("2001:db8::1"));
            assertThat(sa.reqid()).isEqualTo(77);
        });

        applied(new Change.DeleteSa(v6));

        assertThat(xfrm.get(v6)).isEmpty();
        assertThat(xfrm.apply(List.of(new Change.DeleteSa(v6))).getFirst().error())
                .hasValueSatisfying(error -> assertThat(error.absent()).isTrue());
    }

    @Test
    void policiesThatComeAndGoAreNotified() {
        try (Subscription subscription = subscribe(NotificationGroup.POLICY)) {
            applied(add(policy(PolicyDir.OUT, OFFICES)), delete(policy(PolicyDir.OUT, OFFICES)));
            namespace.run("ip xfrm policy add dir in src 10.1.0.0/16 dst 10.2.0.0/16 priority 5");
            namespace.run("ip xfrm policy update dir in src 10.1.0.0/16 dst 10.2.0.0/16 priority 6");
            namespace.run("ip xfrm policy flush");

            List<Notification> notifications = read(subscription, 5);

            assertThat(notifications).extracting(Notification::own).containsExactly(true, true, false, false, false);
            assertThat(notifications)
                    .extracting(Notification::event)
                    .satisfiesExactly(
                            event -> assertThat(event)
                                    .isInstanceOfSatisfying(
                                            Notification.PolicyAdded.class,
                                            added -> assertThat(Differences.between(
                                                            policy(PolicyDir.OUT, OFFICES), added.policy()))
                                                    .isEmpty()),
                            event -> assertThat(event)
                                    .isInstanceOfSatisfying(
                                            Notification.PolicyDeleted.class,
                                            deleted -> assertThat(
                                                            deleted.policy().id())
                                                    .isEqualTo(PolicyId.of(PolicyDir.OUT, OFFICES))),
                            event -> assertThat(event)
                                    .isInstanceOfSatisfying(
                                            Notification.PolicyAdded.class,
                                            added -> assertThat(added.policy().priority())
                                                    .isEqualTo(5)),
                            event -> assertThat(event)
                                    .isInstanceOfSatisfying(
                                            Notification.PolicyUpdated.class,
                                            updated -> assertThat(
                                                            updated.policy().priority())
                                                    .isEqualTo(6)),
                            event -> assertThat(event).isEqualTo(new Notification.PoliciesFlushed(PolicyId.Type.MAIN)));
        }
    }

    @Test
    void aPolicyThatIsDeletedByItsIndexIsNotifiedWithItsSelector() {
        applied(add(policy(PolicyDir.OUT, OFFICES)));
        long index = dump().values().iterator().next().index();
        try (Subscription subscription = subscribe(NotificationGroup.POLICY)) {
            namespace.run("ip xfrm policy delete dir out index " + index);

            assertThat(read(subscription, 1))
                    .extracting(Notification::event)
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Notification.PolicyDeleted.class,
                            deleted ->
                                    assertThat(deleted.policy().id()).isEqualTo(PolicyId.of(PolicyDir.OUT, OFFICES)));
        }
    }

    @Test
    void sasThatGoAreNotified() {
        namespace.sysctl("net/core/xfrm_acq_expires", "1");
        try (Subscription subscription = subscribe(NotificationGroup.SA, NotificationGroup.EXPIRE)) {
            SaId deleted = larval("10.0.0.1", "10.0.0.2", 0x1000);
            applied(new Change.DeleteSa(deleted));
            SaId expired = larval("10.0.0.1", "10.0.0.2", 0x1001);

            assertThat(read(subscription, 2))
                    .extracting(Notification::event)
                    .satisfiesExactly(
                            event -> assertThat(event)
                                    .isInstanceOfSatisfying(
                                            Notification.SaDeleted.class,
                                            gone -> assertThat(gone.sa().id()).isEqualTo(deleted)),
                            event -> assertThat(event).isEqualTo(new Notification.SaExpired(expired, true)));

            larval("10.0.0.1", "10.0.0.2", 0x1002);
            namespace.run("ip xfrm state flush");
            assertThat(read(subscription, 1))
                    .extracting(Notification::event)
                    .containsExactly(new Notification.SasFlushed(IpProtocol.ANY));
        }
    }

    @Test
    void aPacketWithoutAnSaIsNotifiedAsAcquire() throws Exception {
        namespace.run("ip link add out type veth peer name in");
        namespace.run("ip addr add 10.1.0.1/16 dev out");
        namespace.run("ip link set out up");
        namespace.run("ip route add 10.2.0.0/16 dev out");
        Policy protect =
                policy(PolicyDir.OUT, OFFICES, Templates.espTunnel(ip("10.1.0.1"), ip("10.2.0.1"), 0x10000007L));
        applied(add(protect));
        try (Subscription subscription = subscribe(NotificationGroup.ACQUIRE)) {
            namespace.call(() -> {
                try (DatagramSocket socket = new DatagramSocket()) {
                    socket.send(new DatagramPacket(new byte[1], 1, ip("10.2.0.5"), 4711));
                } catch (IOException e) {
                    // The packet waits for an SA that nobody makes; some kernels say so at once
                    assertThat(e).hasMessageContaining("temporarily unavailable");
                }
                return null;
            });

            assertThat(read(subscription, 1))
                    .extracting(Notification::event)
                    .singleElement()
                    .isInstanceOfSatisfying(Notification.Acquire.class, acquire -> {
                        assertThat(acquire.policy().id()).isEqualTo(protect.id());
                        assertThat(acquire.policy().templates()).isEqualTo(protect.templates());
                        assertThat(acquire.packet().destination()).isEqualTo(prefix("10.2.0.5/32"));
                        assertThat(acquire.packet().destinationPort()).isEqualTo(PortMatch.exactly(4711));
                        assertThat(acquire.cpu()).isEmpty();
                    });
        }
    }

    @Test
    void whoReadsTooLateIsToldThatNotificationsWereLost() {
        List<Change> wave = IntStream.range(0, 500)
                .mapToObj(XfrmKernelIT::numbered)
                .flatMap(policy -> Stream.of(add(policy), delete(policy)))
                .toList();
        try (Subscription subscription = subscribe(NotificationGroup.POLICY)) {
            for (int i = 0; i < 40; i++) {
                xfrm.apply(wave);
            }

            Notification.Event event;
            int before = 0;
            do {
                List<Notification> next = subscription.next();
                event = next.getFirst().event();
                before += next.size();
            } while (!(event instanceof Notification.Lost) && before < 40 * wave.size());

            assertThat(event).isEqualTo(new Notification.Lost("the kernel had more to say than the socket could hold"));
        }
    }

    @Test
    void closingASubscriptionEndsItsWait() throws Exception {
        Subscription subscription = subscribe(NotificationGroup.SA);
        CompletableFuture<List<Notification>> waiting = CompletableFuture.supplyAsync(subscription::next);
        assertThat(waiting.isDone()).isFalse();

        subscription.close();

        assertThat(waiting.get(5, TimeUnit.SECONDS)).isEmpty();
    }

    @Test
    void probingLeavesNothingBehindAndSaysWhatIsMissing() {
        XfrmCapabilities capabilities = xfrm.probe();

        assertThat(xfrm.dumpSas().entries()).isEmpty();
        assertThat(capabilities.missing()).allMatch(sentence -> sentence.endsWith("."));
        assertThat(capabilities.missing().stream().anyMatch(sentence -> sentence.contains("no IPv4 ESP SA")))
                .isEqualTo(!capabilities.esp().contains(AddressFamily.IPV4));
        assertThat(capabilities.missing().stream().anyMatch(sentence -> sentence.contains("XFRMA_SA_PCPU")))
                .isEqualTo(capabilities.saDirection() && !capabilities.perCpuSa());
    }

    @Test
    void eachNamespaceHasACookieOfItsOwn() {
        try (NetworkNamespace other = NetworkNamespace.create();
                NetlinkXfrm there = other.call(NetlinkXfrm::open)) {
            assertThat(xfrm.namespaceCookie()).isPresent().isNotEqualTo(there.namespaceCookie());
        }
    }
}
