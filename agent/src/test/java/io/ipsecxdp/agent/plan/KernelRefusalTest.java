package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.linux.Errno;
import io.ipsecxdp.xfrm.Aead;
import io.ipsecxdp.xfrm.KernelError;
import io.ipsecxdp.xfrm.Kernels;
import io.ipsecxdp.xfrm.Mode;
import io.ipsecxdp.xfrm.Policy;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.SaBuilder;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.SaOptions;
import io.ipsecxdp.xfrm.XfrmOffload;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the kernel says becomes a sentence with its words and, behind them, what to do. */
class KernelRefusalTest {

    private static final KernelInfo FACTS = new KernelInfo(
            "boot", CpuList.parse("0-3"), Kernels.MODERN, new ApiServerWay(Set.of(), Set.of(), 32768, 60999));

    private static DesiredSa sa(OptionalInt cpu, Optional<XfrmOffload> offload) {
        SaOptions options = SaOptions.NONE.with().offload(offload).build();
        return new DesiredSa(
                "a",
                Origin.of("uid"),
                "slice",
                SaBuilder.builder()
                        .id(SaId.esp(ip("10.0.0.2"), 0x1000))
                        .source(ip("10.0.0.1"))
                        .direction(SaDir.OUT)
                        .mode(Mode.TUNNEL)
                        .algorithms(Aead.aesGcm(256, 128))
                        .reqid(1)
                        .replayWindow(0)
                        .esn(true)
                        .ownerCpu(cpu)
                        .options(options)
                        .build(),
                new KeySource.InSecret(
                        Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 256, new KeySecretRef("k", "e"))));
    }

    private static DesiredPolicy policy(Optional<XfrmOffload> offload) {
        PolicyId id = PolicyId.of(PolicyDir.OUT, XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.2.0.0/16")));
        return new DesiredPolicy(
                "p", Origin.of("uid"), "slice", new Policy(id, 1, Policy.Action.ALLOW, List.of(), Set.of(), offload));
    }

    private static EntryStatus refused(DesiredEntry entry, int errno, String words) {
        return KernelRefusal.of(entry, new KernelError(new Errno(errno), Optional.ofNullable(words)), FACTS);
    }

    /** The texts of NL_SET_ERR_MSG in Linux 6.1 to 7.3 that an SA or a policy can meet. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "38 | Requested AEAD algorithm not found                         | Unsupported   | Load the kernel's module of the algorithm",
                "38 | Requested CRYPT algorithm not found                        | Unsupported   | Load the kernel's module of the algorithm",
                "38 | Requested AUTH_TRUNC algorithm not found                   | Unsupported   | Load the kernel's module of the algorithm",
                "38 | Requested AUTH algorithm not found                         | Unsupported   | Load the kernel's module of the algorithm",
                "93 | Requested type not found                                   | Unsupported   | esp4 and esp6",
                "93 | Requested mode not found                                   | Unsupported   | mode Tunnel or Transport",
                "22 | Unsupported mode                                           | KernelRefused | mode Tunnel or Transport",
                "22 | Invalid length requested for truncated ICV                 | KernelRefused | integrity algorithm whose ICV",
                "2  | Kernel was unable to initialize cryptographic operations   | KernelRefused | FIPS",
                "22 | Kernel was unable to initialize cryptographic operations   | KernelRefused | another algorithm",
                "34 | pCPU number too big                                        | KernelRefused | without cpu",
                "22 | SA_PCPU only supported with SA_DIR                         | KernelRefused | without cpu",
                "22 | TFC padding can only be used in tunnel mode                | KernelRefused | without tfcPadding",
                "22 | Encapsulation and TFC padding can't be offloaded           | KernelRefused | without tfcPadding",
                "22 | Packet offload doesn't support this                        | KernelRefused | esp-hw-offload",
                "22 | Unrecognized flags in offload request                      | KernelRefused | esp-hw-offload",
                "95 | Device failed to offload this state                        | Unsupported   | esp-hw-offload",
                "28 | Device failed to offload this state                        | KernelRefused | esp-hw-offload",
                "95 | Device failed to offload this policy                       | Unsupported   | esp-hw-offload",
                "22 | Policy offload is not supported                            | KernelRefused | esp-hw-offload",
                "22 | Mode in optional template not allowed in outbound policy   | KernelRefused | level: Required",
                "22 | Mode in template doesn't support a family change           | KernelRefused | mode Tunnel, which takes both",
                "22 | Invalid address family in selector                         | KernelRefused | one address family",
                "22 | Only tunnel modes can accommodate a change of family       | KernelRefused | one address family",
                "22 | Unsupported encapsulation type for ESP                     | KernelRefused | without udpEncapsulation",
                "22 | Encapsulation type not compatible with XFRM mode           | KernelRefused | without udpEncapsulation",
                "22 | ESN replay window is too large for the chosen bitmap size  | KernelRefused | another replayWindow",
                "22 | Replay window should be 0 for output SA                    | KernelRefused | another replayWindow",
                "22 | Missing required attribute for ESN                         | KernelRefused | esn: false",
                "22 | Flag ICMP should not be set for output SA                  | KernelRefused | icmpErrors",
            })
    void theKernelsWordsComeWithARemedy(int errno, String words, Reason reason, String remedy) {
        EntryStatus status = refused(sa(OptionalInt.empty(), Optional.empty()), errno, words);

        assertThat(status.state()).isEqualTo(EntryState.Failed);
        assertThat(status.reason()).isEqualTo(reason);
        assertThat(status.message()).contains(words, new Errno(errno).name(), remedy);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 11, 12, 13, 16, 19, 22, 28, 34, 38, 80, 90, 92, 93, 95, 97, 105, 110, 129})
    void aNumberWithoutWordsIsASentenceToo(int errno) {
        String message = refused(policy(Optional.empty()), errno, null).message();

        assertThat(message).contains("(" + new Errno(errno).name() + ")").doesNotContain("errno ");
        assertThat(message).endsWith(".").contains("again").doesNotContain("..");
    }

    @Test
    void aNumberThatNobodyKnowsIsToldAsItIs() {
        assertThat(refused(policy(Optional.empty()), 333, null).message()).contains("errno 333");
    }

    @Test
    void ofWhatIsOffloadedTheDeviceIsSuspectedWhereTheKernelSaysNothing() {
        Optional<XfrmOffload> device = Optional.of(new XfrmOffload(3, true));

        assertThat(refused(sa(OptionalInt.empty(), device), 22, null).message()).contains("esp-hw-offload");
        assertThat(refused(policy(device), 22, null).message()).contains("esp-hw-offload");
    }

    @Test
    void whatIsThereAlreadyIsSomebodyElses() {
        EntryStatus status = refused(policy(Optional.empty()), 17, null);

        assertThat(status.reason()).isEqualTo(Reason.ForeignEntry);
        assertThat(status.message()).contains("not ours", "EEXIST");
    }

    @Test
    void aCpuThatTheNodeLacksIsNamedWhateverTheKernelSays() {
        EntryStatus status = refused(sa(OptionalInt.of(9), Optional.empty()), 34, "pCPU number too big");

        assertThat(status.reason()).isEqualTo(Reason.CpuNotOnNode);
        assertThat(status.message()).contains("no CPU 9", "0-3", "pCPU number too big");
    }
}
