package io.ipsecxdp.agent.xfrm.codec;

import static io.ipsecxdp.agent.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.Needs;
import io.ipsecxdp.agent.jna.NetworkNamespace;
import io.ipsecxdp.agent.xfrm.AddressFamily;
import io.ipsecxdp.agent.xfrm.Change;
import io.ipsecxdp.agent.xfrm.Differences;
import io.ipsecxdp.agent.xfrm.IpProtocol;
import io.ipsecxdp.agent.xfrm.Mark;
import io.ipsecxdp.agent.xfrm.Mode;
import io.ipsecxdp.agent.xfrm.ObservedPolicy;
import io.ipsecxdp.agent.xfrm.Policy;
import io.ipsecxdp.agent.xfrm.PolicyDirection;
import io.ipsecxdp.agent.xfrm.PolicyId;
import io.ipsecxdp.agent.xfrm.PortMatch;
import io.ipsecxdp.agent.xfrm.Result;
import io.ipsecxdp.agent.xfrm.Selector;
import io.ipsecxdp.agent.xfrm.Template;
import io.ipsecxdp.agent.xfrm.netlink.NetlinkXfrm;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

/** A policy that is sent is what the kernel shows, whatever it is asked to be, and what iproute2 shows. */
@Timeout(120)
class ReadBackIT {

    private static final int TRIES = 300;

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

    private void done(List<Change> changes, long seed) {
        assertThat(xfrm.apply(changes))
                .filteredOn(result -> !result.done())
                .as("refused, seed %d", seed)
                .extracting(result -> result.error().orElseThrow() + " of " + result.change())
                .isEmpty();
    }

    /** Bits outside of the mask are nothing that a packet could have. */
    private static Mark possible(Mark mark) {
        return new Mark(mark.value() & mark.mask(), mark.mask());
    }

    @Test
    void whatAPolicyIsAskedToBeIsWhatTheDumpShows() {
        long seed = new Random().nextLong();
        Map<PolicyId, Policy> wanted = new HashMap<>();
        samples(Samples.policies(), seed).stream()
                .map(ReadBackIT::possible)
                .forEach(policy -> wanted.putIfAbsent(policy.id(), policy));

        done(wanted.values().stream().<Change>map(Change.AddPolicy::new).toList(), seed);

        Map<PolicyId, ObservedPolicy> shown =
                xfrm.dumpPolicies().stream().collect(Collectors.toMap(ObservedPolicy::id, Function.identity()));
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
                    headers && template.level() == Template.Level.USE && id.direction() == PolicyDirection.OUT;
            if (!optionalHeaders && (headers || template.family() == family)) {
                possible.add(template);
                family = template.family();
            }
        }
        return possible;
    }

    @Test
    void iproute2ShowsAPolicyWithAllThatWasAskedFor() {
        Selector selector = Selector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/24"))
                .with(new IpProtocol(17), PortMatch.ANY, new PortMatch(8000, 0xfff8))
                .on(1);
        Policy policy = new Policy(
                new PolicyId(PolicyDirection.IN, selector, new Mark(3, 0xff), 0x2a, PolicyId.Type.MAIN),
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
                Set.of(io.ipsecxdp.agent.xfrm.PolicyFlag.ICMP));
        done(List.of(new Change.AddPolicy(policy)), 0);

        assertThat(namespace.run("ip -details xfrm policy"))
                .contains("src 10.1.0.0/16 dst 10.2.0.0/24 proto udp", "dev lo", "priority 77")
                .contains("dir in", "flag icmp", "mark 0x3/0xff", "if_id 0x2a")
                .contains("proto ah", "reqid 268435457", "mode transport", "level use");
    }
}
