package io.ipsecxdp.xfrm.netlink;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.InGuest;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.Templates;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What marks, interface ids and padding do to packets, one way from left to right. */
@InGuest
@Timeout(60)
class XfrmOptionsIT {

    private static final Aead GCM = Aead.aesGcm(128, 128);
    private static final String KEY = "000102030405060708090a0b0c0d0e0f10111213";
    private static final long REQID = 0x1000_0001L;
    private static final XfrmSelector PACKETS = XfrmSelector.between(prefix("10.1.0.1/32"), prefix("10.2.0.1/32"));

    private final List<AutoCloseable> open = new ArrayList<>();
    private NetworkNamespace left;
    private NetworkNamespace right;
    private NetlinkXfrm leftXfrm;
    private NetlinkXfrm rightXfrm;

    @BeforeEach
    void connectTwoHosts() {
        Needs.root();
        Needs.program("ip");
        Needs.program("ping");
        left = closing(NetworkNamespace.create());
        right = closing(NetworkNamespace.create());
        left.ip("link add eth0 type veth peer name eth0 netns " + right.path());
        address(left, 1, 2);
        address(right, 2, 1);
        leftXfrm = closing(left.call(NetlinkXfrm::open));
        rightXfrm = closing(right.call(NetlinkXfrm::open));
    }

    private static void address(NetworkNamespace host, int number, int other) {
        host.ip(
                "addr add 10.0.0.%d/24 dev eth0".formatted(number),
                "link set eth0 up",
                "link set lo up",
                "addr add 10.%d.0.1/32 dev lo".formatted(number),
                "route add 10.%d.0.0/16 via 10.0.0.%d src 10.%d.0.1".formatted(other, other, number));
    }

    private <T extends AutoCloseable> T closing(T resource) {
        open.add(resource);
        return resource;
    }

    @AfterEach
    void takeDown() throws Exception {
        for (AutoCloseable resource : open.reversed()) {
            resource.close();
        }
    }

    private static SaOptions options(Optional<XfrmMark> outputMark, long interfaceId, int padding) {
        return SaOptions.NONE
                .with()
                .outputMark(outputMark)
                .interfaceId(interfaceId)
                .tfcPadding(padding)
                .build();
    }

    private static SaOptions plain() {
        return SaOptions.NONE;
    }

    private static Sa sa(SaDir direction, long spi, XfrmMark mark, SaOptions options) {
        return sa("10.0.0.1", "10.0.0.2", direction, spi, mark, options);
    }

    private static Sa sa(
            String source, String destination, SaDir direction, long spi, XfrmMark mark, SaOptions options) {
        return SaBuilder.builder()
                .id(new SaId(ip(destination), IpProtocol.ESP, spi, mark))
                .source(ip(source))
                .direction(direction)
                .mode(Mode.TUNNEL)
                .algorithms(GCM)
                .reqid(REQID)
                .replayWindow(direction == SaDir.IN ? 64 : 0)
                .esn(true)
                .options(options)
                .build();
    }

    private static Policy protect(PolicyDir direction, String source, String destination, XfrmMark mark, long id) {
        return new Policy(
                new PolicyId(direction, PACKETS, mark, id, PolicyId.Type.MAIN),
                1000,
                Policy.Action.ALLOW,
                List.of(Templates.espTunnel(ip(source), ip(destination), REQID)));
    }

    private static void apply(NetlinkXfrm xfrm, List<Sa> sas, Policy policy) {
        List<Change> changes = new ArrayList<>();
        sas.forEach(sa -> changes.add(
                new Change.AddSa(sa, KeyMaterial.takeFrom(HexFormat.of().parseHex(KEY)))));
        changes.add(new Change.AddPolicy(policy));
        assertThat(xfrm.apply(changes)).allMatch(Result::done);
    }

    /** Nobody answers: there is no way back. */
    private void ping(int count, String more) {
        List<String> words = new ArrayList<>(
                List.of("ping", "-n", "-q", "-c", Integer.toString(count), "-i", "0.02", "-W", "1", "-s", "16"));
        words.addAll(more.isEmpty() ? List.of() : List.of(more.split(" ")));
        words.add("10.2.0.1");
        left.attempt(words);
    }

    private static long packets(NetlinkXfrm xfrm, SaId id) {
        return xfrm.dumpSas().entries().stream()
                .filter(sa -> sa.id().equals(id))
                .map(ObservedSa::counters)
                .findFirst()
                .orElseThrow()
                .packets();
    }

    /** @param column of /proc/net/dev: 0 for the bytes that were received, 1 for the packets */
    private long received(String device, int column) {
        return right.run("cat /proc/net/dev")
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith(device + ":"))
                .map(line -> line.substring(device.length() + 1).strip().split("\\s+")[column])
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aMarkChoosesPolicyAndSa() {
        XfrmMark seven = new XfrmMark(7, 0xff);
        Sa marked = sa(SaDir.OUT, 0x1000, seven, plain());
        apply(leftXfrm, List.of(marked), protect(PolicyDir.OUT, "10.0.0.1", "10.0.0.2", seven, 0));
        apply(
                rightXfrm,
                List.of(sa(SaDir.IN, 0x1000, XfrmMark.NONE, plain())),
                protect(PolicyDir.IN, "10.0.0.1", "10.0.0.2", XfrmMark.NONE, 0));

        ping(3, "");
        assertThat(packets(leftXfrm, marked.id())).isZero();

        ping(4, "-m 7");
        assertThat(packets(leftXfrm, marked.id())).isEqualTo(4);
        assertThat(packets(rightXfrm, marked.id().withoutMark())).isEqualTo(4);
    }

    @Test
    void anXfrmInterfaceHasSasAndPoliciesOfItsOwn() {
        for (NetworkNamespace host : List.of(left, right)) {
            host.ip("link add xfrm7 type xfrm dev eth0 if_id 7", "link set xfrm7 up");
        }
        left.ip("route replace 10.2.0.0/16 dev xfrm7 src 10.1.0.1");
        Sa seven = sa(SaDir.OUT, 0x1007, XfrmMark.NONE, options(Optional.empty(), 7, 0));
        Sa eight = sa(SaDir.OUT, 0x1008, XfrmMark.NONE, options(Optional.empty(), 8, 0));
        apply(leftXfrm, List.of(eight, seven), protect(PolicyDir.OUT, "10.0.0.1", "10.0.0.2", XfrmMark.NONE, 7));
        Sa inbound = sa(SaDir.IN, 0x1007, XfrmMark.NONE, options(Optional.empty(), 7, 0));
        apply(rightXfrm, List.of(inbound), protect(PolicyDir.IN, "10.0.0.1", "10.0.0.2", XfrmMark.NONE, 7));

        ping(5, "");

        assertThat(packets(leftXfrm, seven.id())).isEqualTo(5);
        assertThat(packets(leftXfrm, eight.id())).isZero();
        assertThat(packets(rightXfrm, inbound.id())).isEqualTo(5);
        assertThat(received("xfrm7", 1)).isEqualTo(5);
    }

    @Test
    void theOutputMarkChoosesTheRouteOfWhatWasProtected() {
        left.ip(
                "addr add 10.9.0.1/32 dev lo",
                "rule add fwmark 5/0xf table 100",
                "route add 10.9.0.2/32 via 10.0.0.2 table 100");
        right.ip("addr add 10.9.0.2/32 dev lo");
        Sa marked = sa(
                "10.9.0.1",
                "10.9.0.2",
                SaDir.OUT,
                0x1000,
                XfrmMark.NONE,
                options(Optional.of(new XfrmMark(5, 0xf)), 0, 0));
        apply(leftXfrm, List.of(marked), protect(PolicyDir.OUT, "10.9.0.1", "10.9.0.2", XfrmMark.NONE, 0));
        Sa inbound = sa("10.9.0.1", "10.9.0.2", SaDir.IN, 0x1000, XfrmMark.NONE, plain());
        apply(rightXfrm, List.of(inbound), protect(PolicyDir.IN, "10.9.0.1", "10.9.0.2", XfrmMark.NONE, 0));
        right.sysctl("net/ipv4/conf/all/rp_filter", "0");
        right.sysctl("net/ipv4/conf/eth0/rp_filter", "0");

        ping(6, "");

        assertThat(packets(rightXfrm, inbound.id())).isEqualTo(6);
    }

    /** Its way of sending has no such padding, and the kernel takes it for every SA once it is there (esp4_offload.c, esp_xmit). */
    private static boolean sentByTheOffloadModule() {
        return Files.exists(Path.of("/sys/module/esp4_offload"));
    }

    @Test
    void packetsArePaddedToTheSizeThatWasAskedForUnlessTheOffloadModuleSendsThem() {
        Sa padding = sa(SaDir.OUT, 0x1000, XfrmMark.NONE, options(Optional.empty(), 0, 1000));
        apply(leftXfrm, List.of(padding), protect(PolicyDir.OUT, "10.0.0.1", "10.0.0.2", XfrmMark.NONE, 0));
        Sa inbound = sa(SaDir.IN, 0x1000, XfrmMark.NONE, plain());
        apply(rightXfrm, List.of(inbound), protect(PolicyDir.IN, "10.0.0.1", "10.0.0.2", XfrmMark.NONE, 0));
        long before = received("eth0", 0);

        ping(10, "");

        assertThat(packets(rightXfrm, inbound.id())).isEqualTo(10);
        boolean padded = received("eth0", 0) - before > 10 * 1000;
        assertThat(padded).isEqualTo(!sentByTheOffloadModule());
    }
}
