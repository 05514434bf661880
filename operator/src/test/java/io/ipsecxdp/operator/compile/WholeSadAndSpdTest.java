package io.ipsecxdp.operator.compile;

import static io.ipsecxdp.operator.compile.Fixtures.twoNodes;
import static io.ipsecxdp.operator.compile.Plans.findings;
import static io.ipsecxdp.operator.compile.Plans.message;
import static io.ipsecxdp.operator.compile.Plans.policies;
import static io.ipsecxdp.operator.compile.Plans.reasons;
import static io.ipsecxdp.operator.compile.Plans.sas;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.IntegrityAlgorithm;
import io.ipsecxdp.crds.IpsecProtocol;
import io.ipsecxdp.crds.KeyLayout;
import io.ipsecxdp.crds.Mark;
import io.ipsecxdp.crds.NodeCapabilities;
import io.ipsecxdp.crds.Offload;
import io.ipsecxdp.crds.OffloadType;
import io.ipsecxdp.crds.PlannedPolicy;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.PlannedSelector;
import io.ipsecxdp.crds.PolicyDirection;
import io.ipsecxdp.crds.Reason;
import java.time.Instant;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an SA and a policy may say beyond the ends, and what of it only the cluster shows to be wrong. */
class WholeSadAndSpdTest {
    private static final Instant EARLIER = Fixtures.NOON.minusSeconds(60);

    private static PlannedSa planned(String yaml, String node) {
        return sas(twoNodes().sa("a", 4096, yaml).compile(), node).getFirst();
    }

    private static PlannedPolicy out(String yaml) {
        return policies(twoNodes().policy("p", yaml).compile(), "n1").getFirst();
    }

    @Nested
    class AnSa {
        @Test
        void thatSaysNothingNewIsPlannedAsAlways() {
            assertThat(Serialization.asJson(planned("{}", "n2"))).isEqualTo("""
                            {"name":"a","uid":"uid-of-a","generation":1,"direction":"In","source":"10.0.0.1","destination":"10.0.0.2",\
                            "spi":4096,"encryption":{"algorithm":"ENCR_AES_GCM_16","keyBits":256,\
                            "keySecretRef":{"name":"a","key":"keymat"}},\
                            "mode":"Tunnel","reqid":268435457,"replayWindow":4096,"esn":true,"peer":"n1"}""");
        }

        @Test
        void takesEverythingToBothEndsAndEachDeviceToItsOwn() {
            var compilation = twoNodes().sa("a", 4096, """
                            source: {node: n1, offload: {type: Crypto, device: eth0}}
                            destination: {node: n2, offload: {type: Packet, device: eth1}}
                            lifetime: {soft: {bytes: 9007199254740990}, hard: {packets: 4294967296}}
                            udpEncapsulation: {sourcePort: 40000, destinationPort: 4500}
                            mark: {value: 4294967295}
                            outputMark: {value: 1, mask: 3}
                            interfaceId: 4294967295
                            selector: {source: 'fd09:1::/64', destination: 'fd09:2::/64', protocol: UDP, destinationPorts: 8000-8063}
                            tunnelHeader: {ecn: false}
                            icmpErrors: true
                            tfcPadding: 1400
                            """).compile();

            var out = sas(compilation, "n1").getFirst();
            assertThat(out.terms()
                            .lifetimes()
                            .orElseThrow()
                            .warning()
                            .orElseThrow()
                            .mostBytes())
                    .contains(9007199254740990L);
            assertThat(out.terms().lifetimes().orElseThrow().end().orElseThrow().mostPackets())
                    .contains(1L << 32);
            assertThat(out.terms().inUdp().orElseThrow().sourcePort()).isEqualTo(40000);
            assertThat(out.terms().lookupMark()).contains(new Mark(0xffff_ffffL, 0xffff_ffffL));
            assertThat(out.terms().givenMark()).contains(new Mark(1L, 3L));
            assertThat(out.terms().xfrmInterface()).contains(0xffff_ffffL);
            assertThat(out.selected())
                    .contains(new PlannedSelector("fd09:1::/64", "fd09:2::/64", "UDP", null, null, 8000, 0xffc0));
            assertThat(out.terms().outerHeader().carriesEcn()).isFalse();
            assertThat(out.terms().takesIcmpErrors()).isTrue();
            assertThat(out.terms().paddedTo()).contains(1400);
            assertThat(out.hardware().orElseThrow().type()).isEqualTo(OffloadType.Crypto);

            var in = sas(compilation, "n2").getFirst();
            assertThat(in.hardware().orElseThrow().device()).isEqualTo("eth1");
            assertThat(in.selected()).isEqualTo(out.selected());
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "encryption: {algorithm: ENCR_AES_GCM_16, keySecretRef: {name: a, key: k}} | 32 | 4 | 0",
                    "encryption: {algorithm: ENCR_AES_CCM_8, keyBits: 128, keySecretRef: {name: a, key: k}} | 16 | 3 | 0",
                    "encryption: {algorithm: ENCR_CHACHA20_POLY1305, keySecretRef: {name: a, key: k}} | 32 | 4 | 0",
                    "{encryption: {algorithm: ENCR_AES_CTR, keyBits: 192, keySecretRef: {name: a, key: k}}, integrity: {algorithm: AUTH_AES_XCBC_96}} | 24 | 4 | 16",
                    "{encryption: {algorithm: ENCR_AES_CBC, keySecretRef: {name: a, key: k}}, integrity: {algorithm: AUTH_HMAC_SHA2_512_256}} | 32 | 0 | 64",
                    "{encryption: {algorithm: ENCR_NULL, keySecretRef: {name: a, key: k}}, integrity: {algorithm: AUTH_HMAC_SHA1_96}} | 0 | 0 | 20",
                    "{protocol: AH, encryption: null, integrity: {algorithm: AUTH_HMAC_SHA2_384_192, keySecretRef: {name: a, key: k}}} | 0 | 0 | 48",
                })
        void saysWhatItsSecretMustHold(String yaml, int encryption, int salt, int integrity) {
            assertThat(planned(yaml, "n1").encryption().layout()).isEqualTo(new KeyLayout(encryption, salt, integrity));
        }

        @Test
        void byAhHasNoAlgorithmForEncryption() {
            var sa = planned(
                    "{protocol: AH, encryption: null, integrity: {algorithm: AUTH_AES_CMAC_96, keySecretRef: {name: ah, key: k}}}",
                    "n2");

            assertThat(sa.terms().ipsecProtocol()).isEqualTo(IpsecProtocol.AH);
            assertThat(sa.encryption().encryption()).isEmpty();
            assertThat(sa.encryption().integrityAlgorithm()).contains(IntegrityAlgorithm.AUTH_AES_CMAC_96);
        }

        @Test
        void inTransportModeWithASelectorOfTheOtherFamilyNamesBoth() {
            var compilation = twoNodes()
                    .sa("a", 4096, "{mode: Transport, selector: {source: 'fd09:1::/64', destination: 'fd09:2::/64'}}")
                    .compile();

            assertThat(reasons(compilation, Fixtures.sa("a"))).containsExactly(Reason.MixedFamilies);
            assertThat(message(compilation, Fixtures.sa("a"))).contains("IPv6", "IPv4", "mode: Tunnel");
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "encryption: {algorithm: ENCR_DES, keySecretRef: {name: a, key: k}}",
                    "encryption: {algorithm: ENCR_AES_CBC, keySecretRef: {name: a, key: k}}",
                    "encryption: {algorithm: ENCR_AES_GCM_16, keyBits: 100, keySecretRef: {name: a, key: k}}",
                    "integrity: {algorithm: AUTH_HMAC_SHA2_256_128}",
                    "encryption: null",
                    "{protocol: AH, encryption: null, integrity: {algorithm: AUTH_HMAC_SHA2_256_128}}",
                    "mode: BEET",
                    "selector: {source: 10.9.0.0/24}",
                    "selector: {source: 10.9.0.0/24, destination: 10.9.1.0/24, protocol: HTTP}",
                    "selector: {source: 10.9.0.0/24, destination: 10.9.1.0/24, protocol: TCP, destinationPorts: 8000-8010}",
                })
        void ofBeforeARuleIsInvalidAndStopsNoOther(String yaml) {
            var compilation =
                    twoNodes().sa("a", 4096, yaml).sa("fine", 4097, "{}").compile();

            assertThat(reasons(compilation, Fixtures.sa("a"))).containsOnly(Reason.Invalid);
            assertThat(findings(compilation, Fixtures.sa("fine"))).isEmpty();
        }
    }

    @Nested
    class TwoSasOfOneSpi {
        @Test
        void byEspAndByAhAreTwoSas() {
            var compilation = twoNodes()
                    .sa("esp", 4096, "{}")
                    .sa(
                            "ah",
                            4096,
                            "{protocol: AH, encryption: null, integrity: {algorithm: AUTH_AES_CMAC_96, keySecretRef: {name: ah, key: k}}}")
                    .compile();

            assertThat(sas(compilation, "n1")).hasSize(2);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "{}                             | mark: {value: 1}",
                    "mark: {value: 1}               | mark: {value: 1}",
                    "mark: {value: 1, mask: 1}      | mark: {value: 3}",
                })
        void withMarksOfWhichOneTakesTheOthersPlaceConflict(String first, String second) {
            var compilation = twoNodes()
                    .sa("a", 4096, first)
                    .sa("b", 4096, second)
                    .createdAt("a", EARLIER)
                    .compile();

            assertThat(reasons(compilation, Fixtures.sa("b"))).containsExactly(Reason.DuplicateSpi);
            assertThat(message(compilation, Fixtures.sa("b")))
                    .contains("SecurityAssociation a", "ESP spi 4096", "10.0.0.2", "mark");
        }

        @Test
        void withMarksApartAreTwoSas() {
            var compilation = twoNodes()
                    .sa("a", 4096, "mark: {value: 1}")
                    .sa("b", 4096, "mark: {value: 2}")
                    .compile();

            assertThat(sas(compilation, "n2")).hasSize(2);
        }
    }

    /** Else it would depend on who came first to the kernel which of them is there. */
    @Property(tries = 200)
    void whetherTwoMarksConflictDoesNotDependOnWhoIsOlder(
            @ForAll @IntRange(max = 7) int value,
            @ForAll @IntRange(min = 1, max = 7) int mask,
            @ForAll @IntRange(max = 7) int otherValue,
            @ForAll @IntRange(min = 1, max = 7) int otherMask) {
        var given = twoNodes()
                .sa("a", 4096, "mark: {value: %d, mask: %d}".formatted(value & mask, mask))
                .sa("b", 4096, "mark: {value: %d, mask: %d}".formatted(otherValue & otherMask, otherMask));

        assertThat(sas(given.createdAt("a", EARLIER).compile(), "n1"))
                .hasSameSizeAs(sas(given.createdAt("b", EARLIER).compile(), "n1"));
    }

    @Nested
    class ANode {
        private static final NodeCapabilities GCM_ONLY = new NodeCapabilities(
                true,
                List.of(EncryptionAlgorithm.ENCR_AES_GCM_16, EncryptionAlgorithm.ENCR_AES_CBC),
                List.of(IntegrityAlgorithm.AUTH_HMAC_SHA2_256_128),
                false,
                false,
                true,
                true,
                true);

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "encryption: {algorithm: ENCR_AES_CCM_16, keySecretRef: {name: a, key: k}} | ENCR_AES_CCM_16 (rfc4309(ccm(aes)))",
                    "{encryption: {algorithm: ENCR_AES_CBC, keySecretRef: {name: a, key: k}}, integrity: {algorithm: AUTH_AES_XCBC_96}} | AUTH_AES_XCBC_96 (xcbc(aes))",
                    "{protocol: AH, encryption: null, integrity: {algorithm: AUTH_HMAC_SHA2_256_128, keySecretRef: {name: a, key: k}}} | no AH",
                    "{mode: BEET, selector: {source: 10.9.0.1/32, destination: 10.9.0.2/32}} | no mode BEET",
                })
        void thatCannotDoWhatAnSaNeedsIsNamedWithTheThing(String yaml, String thing) {
            var compilation =
                    twoNodes().kernel("n2", GCM_ONLY).sa("a", 4096, yaml).compile();

            assertThat(reasons(compilation, Fixtures.sa("a"))).containsExactly(Reason.Unsupported);
            assertThat(message(compilation, Fixtures.sa("a"))).contains("the kernel of node n2", thing);
            assertThat(compilation.slices()).isEmpty();
        }

        @Test
        void thatCanDoItGetsTheSa() {
            var compilation = twoNodes()
                    .kernel("n1", GCM_ONLY)
                    .kernel("n2", GCM_ONLY)
                    .sa("a", 4096, "{}")
                    .compile();

            assertThat(findings(compilation, Fixtures.sa("a"))).isEmpty();
        }

        @Test
        void thatForgetsWhatItCanDoKeepsWhatIsInForce() {
            var given = twoNodes()
                    .sa("a", 4096, "encryption: {algorithm: ENCR_AES_CCM_16, keySecretRef: {name: a, key: k}}");

            var compilation = given.planned().kernel("n2", GCM_ONLY).compile();

            assertThat(sas(compilation, "n2")).hasSize(1);
            assertThat(reasons(compilation, Fixtures.sa("a"))).containsExactly(Reason.Unsupported);
        }

        @Test
        void withoutEspIsLeftToItsAgentToTell() {
            var noEsp = new NodeCapabilities(false, List.of(), List.of(), false, false, true, true, true);

            var compilation = twoNodes().kernel("n1", noEsp).sa("a", 4096, "{}").compile();

            assertThat(sas(compilation, "n1")).hasSize(1);
        }
    }

    @Nested
    class APolicy {
        @Test
        void thatSaysNothingNewIsPlannedAsAlways() {
            assertThat(Serialization.asJson(out("{}"))).isEqualTo("""
                            {"name":"p","uid":"uid-of-p","generation":1,"direction":"Out","selectorSource":"10.0.0.1/32",\
                            "selectorDestination":"10.0.0.2/32","protocol":"Any","action":"Protect","priority":1000,\
                            "template":{"mode":"Tunnel","source":"10.0.0.1","destination":"10.0.0.2","reqid":268435457},"peer":"n2"}""");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "{protocol: TCP, destinationPort: 443}                         | TCP    |       |       | 443  |",
                    "{protocol: 6, sourcePorts: 32768-65535}                       | TCP    | 32768 | 32768 |      |",
                    "{protocol: UDP, sourcePort: 53, destinationPorts: 1024-2047}  | UDP    | 53    |       | 1024 | 64512",
                    "{protocol: ICMP, icmpType: 3, icmpCode: 4}                    | ICMP   | 3     |       | 4    |",
                    "{protocol: ICMP, icmpType: 0}                                 | ICMP   | 0     |       |      |",
                    "{protocol: 99}                                                | 99     |       |       |      |",
                })
        void hasPortsTypesAndCodesAsTheKernelComparesThem(
                String selector, String protocol, Integer from, Integer fromMask, Integer to, Integer toMask) {
            assertThat(out("selector: " + selector).selector())
                    .isEqualTo(new PlannedSelector("10.0.0.1/32", "10.0.0.2/32", protocol, from, fromMask, to, toMask));
        }

        @Test
        void withoutForwardingIsPlannedForTheNodeItselfAlone() {
            var compilation = twoNodes().policy("p", "forward: false").compile();

            assertThat(policies(compilation, "n2"))
                    .extracting(PlannedPolicy::direction)
                    .containsExactly(PolicyDirection.In);
        }

        @Test
        void takesTheInterfaceOfEachEndToThatEndAndAcquiresToTheSource() {
            var compilation = twoNodes().policy("p", """
                            source: {node: n1, interfaceName: eth0}
                            destination: {node: n2, interfaceName: eth1}
                            perCpuAcquire: true
                            level: Use
                            protocol: AH
                            """).compile();

            var out = policies(compilation, "n1").getFirst();
            var in = policies(compilation, "n2").getFirst();
            assertThat(out.onlyInterface()).contains("eth0");
            assertThat(out.acquiresPerCpu()).isTrue();
            assertThat(out.protection().orElseThrow().letsPassWithout()).isTrue();
            assertThat(out.protection().orElseThrow().ipsecProtocol()).isEqualTo(IpsecProtocol.AH);
            assertThat(in.onlyInterface()).contains("eth1");
            assertThat(in.acquiresPerCpu()).isFalse();
        }

        @Test
        void hasTheDeviceOfEachEndThatAppliesIt() {
            var compilation = twoNodes()
                    .policy("a", "{source: {node: n1, offload: {type: Packet, device: eth1}}, destination: {node: n2}}")
                    .compile();

            assertThat(policies(compilation, "n1"))
                    .allSatisfy(
                            policy -> assertThat(policy.hardware()).contains(new Offload(OffloadType.Packet, "eth1")));
            assertThat(policies(compilation, "n2"))
                    .allSatisfy(policy -> assertThat(policy.hardware()).isEmpty());
        }

        @ParameterizedTest
        @ValueSource(strings = {"Bypass", "Discard"})
        void thatDoesNotProtectHasNoTemplate(String action) {
            assertThat(out("action: " + action).protection()).isEmpty();
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "mark: {value: 1}                    | mark: {value: 2}",
                    "{}                                  | {mark: {value: 2}, priority: 900}",
                    "{}                                  | interfaceId: 7",
                    "{}                                  | {source: {node: n1, interfaceName: eth0}, destination: {node: n2, interfaceName: eth0}}",
                    "selector: {protocol: UDP, destinationPort: 8000} | selector: {protocol: UDP, destinationPorts: 8000-8001}",
                })
        void isToldFromAnotherOfItsSelectorByMarkInterfaceOrPorts(String first, String second) {
            var compilation = twoNodes().policy("a", first).policy("b", second).compile();

            assertThat(policies(compilation, "n2")).hasSize(4);
        }

        @Test
        void ofOneSelectorAndMarkConflictsWhateverItsPriority() {
            var compilation = twoNodes()
                    .policy("a", "mark: {value: 1}")
                    .policy("b", "{mark: {value: 1}, priority: 900}")
                    .compile();

            assertThat(reasons(compilation, Fixtures.policy("b"))).containsOnly(Reason.DuplicateSelector);
        }

        @Test
        void ofOnePriorityWithAMarkThatPacketsOfAnotherMayHaveIsAskedForAnotherPriority() {
            var compilation =
                    twoNodes().policy("a", "{}").policy("b", "mark: {value: 1}").compile();

            assertThat(reasons(compilation, Fixtures.policy("b"))).containsOnly(Reason.PriorityTaken);
            assertThat(message(compilation, Fixtures.policy("b")))
                    .contains("SecurityPolicy a", "priority 1000", "give one of them another priority");
        }

        @Test
        void inForceThatTakesAnotherPriorityGoesBeforeOneThatIsNew() {
            var given = twoNodes().policy("b", "{}").planned();

            var compilation = given.policy("b", "priority: 900")
                    .policy("a", "{}")
                    .createdAt("a", EARLIER)
                    .compile();

            assertThat(findings(compilation, Fixtures.policy("b"))).isEmpty();
            assertThat(reasons(compilation, Fixtures.policy("a"))).containsOnly(Reason.DuplicateSelector);
        }
    }
}
