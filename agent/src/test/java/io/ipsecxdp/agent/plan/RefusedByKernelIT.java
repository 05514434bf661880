package io.ipsecxdp.agent.plan;

import static io.ipsecxdp.xfrm.Addresses.ip;
import static io.ipsecxdp.xfrm.Addresses.prefix;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.agent.ledger.Origin;
import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
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
import io.ipsecxdp.xfrm.Differences;
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
import io.ipsecxdp.xfrm.Template;
import io.ipsecxdp.xfrm.Templates;
import io.ipsecxdp.xfrm.XfrmMark;
import io.ipsecxdp.xfrm.XfrmOffload;
import io.ipsecxdp.xfrm.XfrmSelector;
import io.ipsecxdp.xfrm.netlink.NetlinkXfrm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What this kernel refuses for real, each with its sentence, while all else of the same batch is installed. */
@InGuest
@Timeout(60)
class RefusedByKernelIT {

    private static final Aead GCM = Aead.aesGcm(128, 128);
    private static final int LOOPBACK = 1;
    private static final int NO_INTERFACE = 99_999;

    /** An entry, and what must be said of it; nothing if it must be installed. */
    private record Row(DesiredEntry entry, Reason reason, List<String> words) {

        static Row good(DesiredEntry entry) {
            return new Row(entry, Reason.Installed, List.of());
        }

        static Row bad(DesiredEntry entry, Reason reason, String... words) {
            return new Row(entry, reason, List.of(words));
        }
    }

    private NetworkNamespace namespace;
    private NetlinkXfrm xfrm;
    private long nextSpi = 0x1000;
    private int nextNet = 1;

    @BeforeEach
    void enterAFreshNamespace() {
        Needs.root();
        Needs.program("ip");
        namespace = NetworkNamespace.create();
        xfrm = namespace.call(NetlinkXfrm::open);
    }

    @AfterEach
    void leave() {
        xfrm.close();
        namespace.close();
    }

    private DesiredSa sa(IpProtocol protocol, Algorithms algorithms, OptionalInt cpu, Optional<XfrmOffload> offload) {
        SaOptions options = SaOptions.NONE.with().offload(offload).build();
        SaId id = new SaId(ip("10.0.0.2"), protocol, nextSpi++, XfrmMark.NONE);
        Sa sa = SaBuilder.builder()
                .id(id)
                .source(ip("10.0.0.1"))
                .direction(SaDir.OUT)
                .mode(Mode.TUNNEL)
                .algorithms(algorithms)
                .reqid(1)
                .replayWindow(0)
                .esn(true)
                .ownerCpu(cpu)
                .options(options)
                .build();
        return desired(sa);
    }

    private static DesiredSa desired(Sa sa) {
        return new DesiredSa(
                "sa",
                Origin.of("uid"),
                "slice",
                sa,
                new KeySource.InSecret(
                        Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 128, new KeySecretRef("k", "e"))));
    }

    private DesiredSa esp(Algorithms algorithms) {
        return sa(IpProtocol.ESP, algorithms, OptionalInt.empty(), Optional.empty());
    }

    private DesiredSa offloaded(XfrmOffload offload) {
        return sa(IpProtocol.ESP, GCM, OptionalInt.empty(), Optional.of(offload));
    }

    private DesiredPolicy policy(Template template, Optional<XfrmOffload> offload) {
        XfrmSelector selector =
                XfrmSelector.between(prefix("10.1.0.0/16"), prefix("10.%d.0.0/16".formatted(++nextNet)));
        return new DesiredPolicy(
                "policy",
                Origin.of("uid"),
                "slice",
                new Policy(
                        PolicyId.of(PolicyDir.OUT, selector),
                        1,
                        Policy.Action.ALLOW,
                        List.of(template),
                        Set.of(),
                        offload));
    }

    private static Template tunnel(Template.Level level) {
        return new Template(
                IpProtocol.ESP,
                Mode.TUNNEL,
                1,
                Optional.of(new Template.Ends(ip("10.0.0.1"), ip("10.0.0.2"))),
                0,
                level,
                AddressFamily.IPV4);
    }

    private static Change change(DesiredEntry entry) {
        return switch (entry) {
            case DesiredSa sa ->
                new Change.AddSa(
                        sa.sa(), KeyMaterial.random(sa.sa().algorithms().keyBytes()));
            case DesiredPolicy policy -> new Change.AddPolicy(policy.policy());
        };
    }

    private KernelInfo facts() {
        return new KernelInfo(
                "boot", CpuList.parse("0-1"), xfrm.capabilities(), new ApiServerWay(Set.of(), Set.of(), 1, 2));
    }

    @Test
    void eachIsToldWhyAndAllOthersAreInstalled() {
        DesiredSa good = esp(GCM);
        DesiredPolicy goodPolicy = policy(tunnel(Template.Level.REQUIRED), Optional.empty());
        List<Row> rows = List.of(
                Row.good(good),
                Row.bad(
                        esp(new Aead("rfc4106(gcm(nonsense))", 160, 128)),
                        Reason.Unsupported,
                        "AEAD algorithm not found",
                        "Load the kernel's module"),
                Row.bad(
                        esp(CipherAndIntegrity.of(new Cipher("cbc(nonsense)", 128), AuthAlgorithm.HMAC_SHA2_256_128)),
                        Reason.Unsupported,
                        "CRYPT algorithm not found",
                        "Load the kernel's module"),
                Row.bad(
                        esp(CipherAndIntegrity.of(Cipher.aesCbc(256), new AuthAlgorithm("hmac(nonsense)", 256, 128))),
                        Reason.Unsupported,
                        "AUTH_TRUNC algorithm not found",
                        "Load the kernel's module"),
                Row.good(esp(GCM)),
                Row.bad(
                        sa(
                                IpProtocol.AH,
                                CipherAndIntegrity.of(new AuthAlgorithm("hmac(nonsense)", 256, 128)),
                                OptionalInt.empty(),
                                Optional.empty()),
                        Reason.Unsupported,
                        "AUTH_TRUNC algorithm not found"),
                Row.bad(
                        esp(CipherAndIntegrity.of(Cipher.aesCbc(256), new AuthAlgorithm("hmac(sha256)", 256, 512))),
                        Reason.KernelRefused,
                        "truncated ICV",
                        "integrity algorithm"),
                Row.bad(
                        esp(new Aead("rfc4106(gcm(aes))", 136, 128)),
                        Reason.KernelRefused,
                        "cryptographic operations",
                        "another algorithm"),
                Row.bad(
                        sa(IpProtocol.ESP, GCM, OptionalInt.of(100_000), Optional.empty()),
                        Reason.CpuNotOnNode,
                        "pCPU number too big",
                        "no CPU 100000"),
                Row.bad(offloaded(new XfrmOffload(LOOPBACK, true)), Reason.KernelRefused, "EINVAL", "without offload"),
                Row.bad(
                        offloaded(new XfrmOffload(NO_INTERFACE, true)),
                        Reason.KernelRefused,
                        "EINVAL",
                        "without offload"),
                Row.bad(good, Reason.ForeignEntry, "EEXIST"),
                Row.good(goodPolicy),
                Row.bad(goodPolicy, Reason.ForeignEntry, "EEXIST"),
                Row.bad(
                        policy(tunnel(Template.Level.USE), Optional.empty()),
                        Reason.KernelRefused,
                        "optional template",
                        "level: Required"),
                Row.bad(
                        policy(Templates.espTransport(AddressFamily.IPV6, 1), Optional.empty()),
                        Reason.KernelRefused,
                        "family change",
                        "mode Tunnel"),
                Row.bad(
                        policy(tunnel(Template.Level.REQUIRED), Optional.of(new XfrmOffload(LOOPBACK, true))),
                        Reason.KernelRefused,
                        "Policy offload is not supported",
                        "esp-hw-offload"),
                Row.bad(
                        policy(tunnel(Template.Level.REQUIRED), Optional.of(new XfrmOffload(NO_INTERFACE, true))),
                        Reason.KernelRefused,
                        "EINVAL",
                        "without offload"),
                Row.good(policy(tunnel(Template.Level.REQUIRED), Optional.empty())));

        List<Result> results =
                xfrm.apply(rows.stream().map(row -> change(row.entry())).toList());

        List<String> told = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            Optional<EntryStatus> status =
                    results.get(i).error().map(error -> KernelRefusal.of(row.entry(), error, facts()));
            assertThat(status.map(EntryStatus::reason).orElse(Reason.Installed))
                    .as("row %d: %s", i, status)
                    .isEqualTo(row.reason());
            status.ifPresent(refused -> {
                assertThat(refused.message()).contains(row.words());
                told.add(refused.message());
            });
        }
        told.forEach(System.out::println);
        assertThat(xfrm.dumpSas().entries()).hasSize(2);
        assertThat(xfrm.dumpPolicies().entries()).hasSize(2);
    }

    /** {@code xfrm_dev_state_add}: no error, and no offload either. */
    @Test
    void cryptographyThatTheDeviceDoesNotIsDoneByTheKernel() {
        Sa sa = offloaded(new XfrmOffload(LOOPBACK, false)).sa();

        assertThat(xfrm.apply(List.of(change(desired(sa))))).allMatch(Result::done);

        ObservedSa shown = xfrm.get(sa.id()).orElseThrow();
        assertThat(shown.options().offload()).isEmpty();
        assertThat(Differences.between(sa, shown, xfrm.capabilities())).isEmpty();
    }
}
