package io.ipsecxdp.xfrm.codec;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.InGuest;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Algorithms;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.Templates;
import io.ipsecxdp.xfrm.XfrmCapabilities;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmOffload;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Our requests are, byte by byte, what iproute2 sends for the same thing. Only the sequence number, the port and the
 * order of the attributes may differ. Whether the kernel can do it plays no part.
 */
class Iproute2IT {

    private static final String KEY_128 = "000102030405060708090a0b0c0d0e0f10111213";
    private static final String KEY_256 = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223";
    private static final XfrmCapabilities OLD = Kernels.OLD;
    private static final XfrmCapabilities MODERN = Kernels.MODERN;
    private static final Pattern DUMPED_LINE = Pattern.compile("^ \\| [0-9a-f]{5}  ([0-9a-f ]{48})");

    private static final int XFRMA_SRCADDR = 13;

    private NetworkNamespace namespace;
    private String ipProgram;
    private String strace;

    /** A message, with its attributes by type. */
    private record Message(int type, int flags, String structure, Map<Integer, String> attributes) {

        static Message of(byte[] bytes, int structureSize) {
            // Before it, iproute2 asks for the index of an interface that it was given
            Frame frame = Frame.in(ByteBuffer.wrap(bytes), bytes.length).getLast();
            Bytes payload = frame.payload();
            Map<Integer, String> attributes = new TreeMap<>();
            for (int at = Netlink.align(structureSize); at < payload.size(); ) {
                int length = payload.unsignedShort(at);
                attributes.put(payload.unsignedShort(at + 2), hex(payload, at + 4, length - 4));
                at += Netlink.align(length);
            }
            return new Message(frame.type(), frame.flags(), hex(payload, 0, structureSize), attributes);
        }

        private static String hex(Bytes bytes, int from, int size) {
            StringBuilder hex = new StringBuilder();
            for (int i = from; i < from + size; i++) {
                hex.append("%02x".formatted(bytes.unsignedByte(i)));
            }
            return hex.toString();
        }
    }

    @BeforeEach
    void findThePrograms() {
        Needs.root();
        ipProgram = Needs.program("ip").toString();
        strace = Needs.program("strace").toString();
        namespace = NetworkNamespace.create();
    }

    @AfterEach
    void leave() {
        if (namespace != null) {
            namespace.close();
        }
    }

    private byte[] sentByIproute2(String arguments) {
        List<String> command = Arrays.stream(
                        (strace + " -e trace=sendmsg -e write=all " + ipProgram + " xfrm " + arguments).split(" "))
                .toList();
        String trace = namespace.attempt(command).text();
        String hex = trace.lines()
                .map(DUMPED_LINE::matcher)
                .filter(matcher -> matcher.find())
                .map(matcher -> matcher.group(1).replace(" ", ""))
                .collect(Collectors.joining());
        assertThat(hex).as(trace).isNotEmpty();
        return HexFormat.of().parseHex(hex);
    }

    private static byte[] sentByUs(Consumer<XfrmEncoder> request) {
        ByteBuffer buffer = ByteBuffer.allocate(XfrmEncoder.LARGEST_REQUEST);
        MessageWriter writer = new MessageWriter(buffer, 0);
        request.accept(new XfrmEncoder(writer));
        writer.acknowledgeLast();
        return Arrays.copyOf(buffer.array(), writer.length());
    }

    private void agree(String arguments, int structureSize, Consumer<XfrmEncoder> request) {
        assertThat(Message.of(sentByUs(request), structureSize))
                .isEqualTo(Message.of(sentByIproute2(arguments), structureSize));
    }

    private void agree(String arguments, int structureSize, Change change) {
        agree(arguments, structureSize, encoder -> encoder.change(1, change, OLD));
    }

    private void agreeOnSa(String arguments, Sa sa, String key, long lastSequence, XfrmCapabilities capabilities) {
        try (KeyMaterial material = KeyMaterial.takeFrom(HexFormat.of().parseHex(key))) {
            agree(
                    arguments.formatted(key),
                    Layout.UserSaInfo.SIZE,
                    encoder -> encoder.change(1, new Change.AddSa(sa, material, lastSequence), capabilities));
        }
    }

    private static Sa sa(SaId id, InetAddress source, SaDir direction, Mode mode, Algorithms aead, int window) {
        return SaBuilder.builder()
                .id(id)
                .source(source)
                .direction(direction)
                .mode(mode)
                .algorithms(aead)
                .reqid(7)
                .replayWindow(window)
                .build();
    }

    private static Sa withEsn(Sa sa, OptionalInt cpu) {
        return sa.with().esn(true).ownerCpu(cpu).build();
    }

    @Test
    void onAnInboundTunnelWithEsn() {
        Sa sa = sa(
                SaId.esp(ip("192.0.2.2"), 0xc0ffee01L),
                ip("192.0.2.1"),
                SaDir.IN,
                Mode.TUNNEL,
                Aead.aesGcm(256, 128),
                4096);
        agreeOnSa(
                "state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0xc0ffee01 reqid 7 mode tunnel"
                        + " replay-window 4096 flag esn flag af-unspec aead rfc4106(gcm(aes)) 0x%s 128",
                withEsn(sa, OptionalInt.empty()), KEY_256, 0, OLD);
    }

    @Test
    void onAnOutboundTunnelThatGoesOnWithItsSequenceNumber() {
        Sa sa = sa(
                SaId.esp(ip("2001:db8::2"), 0x100), ip("2001:db8::1"), SaDir.OUT, Mode.TUNNEL, Aead.aesGcm(128, 96), 0);
        agreeOnSa(
                "state add src 2001:db8::1 dst 2001:db8::2 proto esp spi 0x100 reqid 7 mode tunnel"
                        + " replay-oseq 305419896 flag af-unspec aead rfc4106(gcm(aes)) 0x%s 96",
                sa, KEY_128, 305419896, OLD);
    }

    @Test
    void onATransportSaWithASmallWindowAndAMark() {
        SaId id = new SaId(ip("192.0.2.2"), IpProtocol.ESP, 0x1000, new XfrmMark(3, 0xff));
        agreeOnSa(
                "state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 reqid 7 mode transport mark 3 mask 255"
                        + " replay-window 32 aead rfc4106(gcm(aes)) 0x%s 64 sel src 0.0.0.0/0 dst 0.0.0.0/0",
                sa(id, ip("192.0.2.1"), SaDir.IN, Mode.TRANSPORT, Aead.aesGcm(128, 64), 32), KEY_128, 0, OLD);
    }

    /** iproute2 knows {@code pcpu-num} from 7.2 on. */
    @Test
    @InGuest
    void onDirectionAndOwnerCpu() {
        Sa sa = sa(
                SaId.esp(ip("192.0.2.2"), 0x1000), ip("192.0.2.1"), SaDir.OUT, Mode.TUNNEL, Aead.aesGcm(256, 128), 0);
        agreeOnSa(
                "state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 reqid 7 mode tunnel dir out pcpu-num 1"
                        + " flag esn flag af-unspec aead rfc4106(gcm(aes)) 0x%s 128",
                withEsn(sa, OptionalInt.of(1)), KEY_256, 0, MODERN);
    }

    @Test
    void onAllThatAnOutboundSaCanHave() {
        Sa sa = sa(
                        new SaId(ip("192.0.2.2"), IpProtocol.ESP, 0x1000, new XfrmMark(7, 0xff)),
                        ip("192.0.2.1"),
                        SaDir.OUT,
                        Mode.TUNNEL,
                        Aead.aesGcm(128, 128),
                        0)
                .withOptions(AllOptions.OF_AN_OUTBOUND_SA);
        agreeOnSa(
                "state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 reqid 7 mode tunnel mark 7 mask 255"
                        + " flag noecn nopmtudisc extra-flag dont-encap-dscp encap espinudp 4500 4501 198.51.100.7"
                        + " output-mark 5 mask 15 if_id 42 tfcpad 1400 limit byte-soft 1000 limit byte-hard 2000"
                        + " limit packet-soft 30 limit packet-hard 40 limit time-soft 5000 limit time-hard 6000"
                        + " limit time-use-soft 7000 limit time-use-hard 8000 aead rfc4106(gcm(aes)) 0x%s 128"
                        + " sel src 10.1.0.0/16 dst 10.2.0.0/24 proto tcp dport 443",
                sa, KEY_128, 0, OLD);
    }

    /** iproute2 knows it from 6.2 on. */
    @Test
    @InGuest
    void onTheOffloadOfAPolicy() {
        Policy policy = new Policy(
                PolicyId.of(PolicyDir.OUT, XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/16"))),
                1,
                Policy.Action.ALLOW,
                List.of(Templates.espTunnel(ip("192.0.2.1"), ip("192.0.2.2"), 5)),
                Set.of(),
                Optional.of(new XfrmOffload(1, true)));
        agree(
                "policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir out priority 1 offload packet dev lo"
                        + " tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 5 mode tunnel",
                Layout.UserPolicyInfo.SIZE,
                new Change.AddPolicy(policy));
    }

    @Test
    void onTheIdentityOfAnSa() {
        Change delete = new Change.DeleteSa(SaId.esp(ip("192.0.2.2"), 0x1000));
        Message theirs =
                Message.of(sentByIproute2("state delete dst 192.0.2.2 proto esp spi 0x1000"), Layout.UserSaId.SIZE);
        // The source, which xfrm_user_state_lookup reads for Mobile IPv6 only
        theirs.attributes().remove(XFRMA_SRCADDR);

        assertThat(Message.of(sentByUs(encoder -> encoder.change(1, delete, OLD)), Layout.UserSaId.SIZE))
                .isEqualTo(theirs);
    }

    @Test
    void onATunnelPolicy() {
        XfrmSelector offices = XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/16"));
        Policy policy = new Policy(
                PolicyId.of(PolicyDir.FORWARD, offices),
                1000,
                Policy.Action.ALLOW,
                List.of(Templates.espTunnel(ip("192.0.2.1"), ip("192.0.2.2"), 0x10000001L)));
        agree(
                "policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir fwd priority 1000"
                        + " tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 268435457 mode tunnel",
                Layout.UserPolicyInfo.SIZE,
                new Change.AddPolicy(policy));
    }

    @Test
    void onATransportPolicyForOnePort() {
        XfrmSelector web = XfrmSelector.between(prefix("2001:db8::1/128"), prefix("2001:db8::2/128"))
                .with(new IpProtocol(6), PortMatch.ANY, PortMatch.exactly(443));
        Policy policy = new Policy(
                PolicyId.of(PolicyDir.OUT, web),
                0xffff_ffffL,
                Policy.Action.ALLOW,
                List.of(Templates.espTransport(AddressFamily.IPV6, 5)));
        agree(
                "policy add src 2001:db8::1/128 dst 2001:db8::2/128 proto 6 dport 443 dir out priority 4294967295"
                        + " tmpl proto esp reqid 5 mode transport",
                Layout.UserPolicyInfo.SIZE,
                new Change.AddPolicy(policy));
    }

    @Test
    void onAPolicyThatDiscards() {
        Policy policy = new Policy(
                PolicyId.of(PolicyDir.IN, XfrmSelector.between(prefix("0.0.0.0/0"), prefix("10.2.0.0/16"))),
                1,
                Policy.Action.BLOCK,
                List.of());
        agree(
                "policy add src 0.0.0.0/0 dst 10.2.0.0/16 dir in action block priority 1",
                Layout.UserPolicyInfo.SIZE,
                new Change.AddPolicy(policy));
    }

    @Test
    void onTheIdentityOfAPolicy() {
        PolicyId id = PolicyId.of(PolicyDir.OUT, XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/16")));
        agree(
                "policy delete src 10.1.0.0/16 dst 10.2.0.0/16 dir out",
                Layout.UserPolicyId.SIZE,
                new Change.DeletePolicy(id));
    }
}
