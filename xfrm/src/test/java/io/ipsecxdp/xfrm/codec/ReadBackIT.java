package io.ipsecxdp.xfrm.codec;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.InGuest;
import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetworkNamespace;
import io.ipsecxdp.xfrm.AddressFamily;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.Change;
import io.ipsecxdp.xfrm.Differences;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.Lifetime;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.ObservedPolicy;
import io.ipsecxdp.xfrm.ObservedSa;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.Result;
import io.ipsecxdp.xfrm.Sa;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaFlag;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmSelector;
import io.ipsecxdp.xfrm.netlink.NetlinkXfrm;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.Shrinkable;
import net.jqwik.api.sessions.JqwikSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is sent is what the kernel shows, of anything that can be asked of it, and what iproute2 makes of it. */
@InGuest
@Timeout(120)
class ReadBackIT {

    private static final int TRIES = 300;

    private NetworkNamespace namespace;
    private NetlinkXfrm xfrm;
    private final Map<SaId, KeyMaterial> keys = new HashMap<>();

    @BeforeEach
    void enterAFreshNamespace() {
        Needs.root();
        Needs.program("ip");
        namespace = NetworkNamespace.create();
        xfrm = namespace.call(NetlinkXfrm::open);
    }

    @AfterEach
    void leave() {
        keys.values().forEach(KeyMaterial::close);
        if (xfrm != null) {
            xfrm.close();
        }
        if (namespace != null) {
            namespace.close();
        }
    }

    /** The seed is in the name of what fails. */
    private static <T> List<T> samples(Arbitrary<T> arbitrary, long seed) {
        List<T> samples = new ArrayList<>();
        JqwikSession.run(() -> {
            RandomGenerator<T> generator = arbitrary.generator(TRIES, true);
            Random random = new Random(seed);
            for (int i = 0; i < TRIES; i++) {
                Shrinkable<T> next = generator.next(random);
                samples.add(next.value());
            }
        });
        return samples;
    }

    private Change add(Sa sa) {
        KeyMaterial key = KeyMaterial.random(sa.algorithms().keyBytes());
        keys.put(sa.id(), key);
        return new Change.AddSa(sa, key);
    }

    private void done(List<Change> changes, long seed) {
        assertThat(xfrm.apply(changes))
                .filteredOn(result -> !result.done())
                .as("refused, seed %d", seed)
                .extracting(result -> result.error().orElseThrow() + " of " + result.change())
                .isEmpty();
    }

    @Test
    void whatAnSaIsAskedToBeIsWhatTheDumpShows() {
        long seed = new Random().nextLong();
        // An SA without a mark takes the identity of those with one
        Map<SaId, Sa> sas = new HashMap<>();
        samples(Samples.sas(), seed).stream()
                .map(sa -> possible(sa, sas.size()))
                .forEach(sa -> sas.putIfAbsent(sa.id().withoutMark(), sa));
        Map<SaId, Sa> wanted = sas.values().stream().collect(Collectors.toMap(Sa::id, Function.identity()));

        done(wanted.values().stream().map(this::add).toList(), seed);

        Map<SaId, ObservedSa> shown =
                xfrm.dumpSas().entries().stream().collect(Collectors.toMap(ObservedSa::id, Function.identity()));
        assertThat(shown.keySet()).as("seed %d", seed).isEqualTo(wanted.keySet());
        assertThat(wanted.values())
                .allSatisfy(sa -> assertThat(Differences.between(sa, shown.get(sa.id()), xfrm.capabilities()))
                        .as("%s, seed %d", sa, seed)
                        .isEmpty());
        assertThat(wanted.values()).allSatisfy(sa -> {
            try (KeyMaterial inKernel = xfrm.keyOf(sa.id()).orElseGet(() -> KeyMaterial.random(0))) {
                assertThat(inKernel.copy())
                        .as("the key of %s, seed %d", sa, seed)
                        .isEqualTo(keys.get(sa.id()).copy());
            }
        });
    }

    /** The same without what depends on the machine, or ends the SA before it is looked at. */
    private static Sa possible(Sa sa, int number) {
        SaOptions options = sa.options();
        Lifetime lifetime = options.lifetime();
        XfrmMark mark = sa.id().mark();
        SaId id = new SaId(
                sa.id().destination(),
                sa.mode() == Mode.BEET ? IpProtocol.ESP : sa.id().protocol(),
                sa.id().spi(),
                possible(mark));
        return SaBuilder.builder()
                .id(id)
                .source(sa.source())
                .direction(sa.direction())
                .mode(sa.mode())
                .algorithms(id.protocol().equals(sa.id().protocol()) ? sa.algorithms() : Aead.aesGcm(256, 128))
                .reqid(sa.reqid())
                .replayWindow(sa.replayWindow())
                .esn(sa.esn())
                .ownerCpu(number % 3 == 0 ? OptionalInt.of(0) : OptionalInt.empty())
                .options(SaOptions.NONE
                        .with()
                        .lifetime(new Lifetime(
                                lifetime.bytes(),
                                lifetime.packets(),
                                later(lifetime.secondsSinceAdd()),
                                later(lifetime.secondsSinceUse())))
                        .flags(options.flags())
                        .selector(options.selector())
                        .encapsulation(options.encapsulation())
                        .outputMark(options.outputMark())
                        .interfaceId(options.interfaceId())
                        .tfcPadding(options.tfcPadding())
                        .build())
                .build();
    }

    /** Bits outside of the mask are nothing that a packet could have. */
    private static XfrmMark possible(XfrmMark mark) {
        return new XfrmMark(mark.value() & mark.mask(), mark.mask());
    }

    private static Lifetime.Limit later(Lifetime.Limit limit) {
        return new Lifetime.Limit(later(limit.soft()), later(limit.hard()));
    }

    private static long later(long seconds) {
        return seconds == 0 ? 0 : 3600 + (seconds & 0xff_ffff_ffffL);
    }

    @Test
    void whatAPolicyIsAskedToBeIsWhatTheDumpShows() {
        long seed = new Random().nextLong();
        Map<PolicyId, Policy> wanted = new HashMap<>();
        samples(Samples.policies(), seed).stream()
                .map(ReadBackIT::possible)
                .forEach(policy -> wanted.putIfAbsent(policy.id(), policy));

        done(wanted.values().stream().<Change>map(Change.AddPolicy::new).toList(), seed);

        Map<PolicyId, ObservedPolicy> shown = xfrm.dumpPolicies().entries().stream()
                .collect(Collectors.toMap(ObservedPolicy::id, Function.identity()));
        assertThat(shown.keySet()).as("seed %d", seed).isEqualTo(wanted.keySet());
        assertThat(wanted.values())
                .allSatisfy(policy -> assertThat(Differences.between(policy, shown.get(policy.id())))
                        .as("%s, seed %d", policy, seed)
                        .isEmpty());

        assertThat(xfrm.apply(wanted.keySet().stream()
                        .<Change>map(Change.DeletePolicy::new)
                        .toList()))
                .allMatch(Result::done);
    }

    private static Policy possible(Policy policy) {
        PolicyId id = policy.id();
        return new Policy(
                new PolicyId(id.direction(), id.selector(), possible(id.mark()), id.interfaceId(), PolicyId.Type.MAIN),
                policy.priority(),
                policy.action(),
                possible(policy.templates(), id),
                policy.flags());
    }

    /** {@code validate_tmpl} in net/xfrm/xfrm_user.c: which may follow which, and what may be missing. */
    private static List<Template> possible(List<Template> templates, PolicyId id) {
        List<Template> possible = new ArrayList<>();
        AddressFamily family = id.selector().family();
        for (Template template : templates) {
            boolean headers = template.mode() != Mode.TRANSPORT;
            boolean optionalHeaders =
                    headers && template.level() == Template.Level.USE && id.direction() == PolicyDir.OUT;
            if (!optionalHeaders && (headers || template.family() == family)) {
                possible.add(template);
                family = template.family();
            }
        }
        return possible;
    }

    @Test
    void iproute2ShowsAnOutboundSaWithAllThatWasAskedFor() {
        Sa sa = SaBuilder.builder()
                .id(new SaId(ip("192.0.2.2"), IpProtocol.ESP, 0x1000, new XfrmMark(7, 0xff)))
                .source(ip("192.0.2.1"))
                .direction(SaDir.OUT)
                .mode(Mode.TUNNEL)
                .algorithms(Aead.aesGcm(256, 128))
                .reqid(0x1000_0001L)
                .replayWindow(0)
                .esn(true)
                .ownerCpu(OptionalInt.of(1))
                .options(AllOptions.OF_AN_OUTBOUND_SA)
                .build();
        done(List.of(add(sa)), 0);

        assertThat(namespace.run("ip -details -statistics xfrm state"))
                .contains("src 192.0.2.1 dst 192.0.2.2", "proto esp spi 0x00001000", "reqid 268435457", "mode tunnel")
                .contains("flag noecn nopmtudisc", "esn", "extra_flag dont-encap-dscp")
                .contains("mark 0x7/0xff", "output-mark 0x5/0xf", "if_id 0x2a")
                .containsPattern("tfcpad (1400|0x578)")
                .contains("encap type espinudp sport 4500 dport 4501 addr 198.51.100.7")
                .contains("sel src 10.1.0.0/16 dst 10.2.0.0/24 proto 6", "dport 443")
                .contains("limit: soft 1000(bytes), hard 2000(bytes)", "soft 30(packets), hard 40(packets)")
                .contains("expire add: soft 5000(sec), hard 6000(sec)", "expire use: soft 7000(sec), hard 8000(sec)")
                .contains("dir out", "pcpu-num 1");
    }

    @Test
    void iproute2ShowsAnInboundSaWithAllThatWasAskedFor() {
        SaOptions options = SaOptions.NONE
                .with()
                .flags(Set.of(SaFlag.DECAP_DSCP, SaFlag.ICMP))
                .outputMark(Optional.of(new XfrmMark(9, -1)))
                .interfaceId(7)
                .build();
        Sa sa = SaBuilder.builder()
                .id(SaId.esp(ip("2001:db8::2"), 0xfffffff0L))
                .source(ip("2001:db8::1"))
                .direction(SaDir.IN)
                .mode(Mode.TUNNEL)
                .algorithms(Aead.aesGcm(128, 64))
                .reqid(7)
                .replayWindow(4096)
                .esn(true)
                .options(options)
                .build();
        done(List.of(add(sa)), 0);

        assertThat(namespace.run("ip -details xfrm state"))
                .contains("src 2001:db8::1 dst 2001:db8::2", "spi 0xfffffff0")
                .contains("flag decap-dscp icmp af-unspec esn")
                .contains("output-mark 0x9", "if_id 0x7", "replay_window 4096")
                .contains("aead rfc4106(gcm(aes))", " 64")
                .contains("dir in")
                .doesNotContain("tfcpad", "encap", "pcpu-num");
    }

    @Test
    void iproute2ShowsAPolicyWithAllThatWasAskedFor() {
        XfrmSelector selector = XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/24"))
                .with(new IpProtocol(17), PortMatch.ANY, new PortMatch(8000, 0xfff8))
                .on(1);
        Policy policy = new Policy(
                new PolicyId(PolicyDir.IN, selector, new XfrmMark(3, 0xff), 0x2a, PolicyId.Type.MAIN),
                77,
                Policy.Action.ALLOW,
                List.of(new Template(
                        IpProtocol.AH,
                        Mode.TRANSPORT,
                        0x1000_0001L,
                        Optional.empty(),
                        0,
                        Template.Level.USE,
                        AddressFamily.IPV4)),
                Set.of(io.ipsecxdp.xfrm.PolicyFlag.ICMP));
        done(List.of(new Change.AddPolicy(policy)), 0);

        assertThat(namespace.run("ip -details xfrm policy"))
                .contains("src 10.1.0.0/16 dst 10.2.0.0/24 proto 17", "dev lo", "priority 77")
                .contains("dir in", "flag icmp", "mark 0x3/0xff", "if_id 0x2a")
                .contains("proto ah", "reqid 268435457", "mode transport", "level use");
    }
}
