package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.PolicyEnd;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityPolicy;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only the cluster shows to be wrong becomes a condition of the objects concerned; all others stay Ready. */
@OnCluster
class ConditionsIT {
    private static final long REQID = 0x2000_0000L;
    private static final SaEnd N1 = new SaEnd("n1", null, null, null);
    private static final SaEnd N2 = new SaEnd("n2", null, null, null);

    private Cluster cluster;
    private DeclaredTunnel bystander;

    @BeforeEach
    void bystander(Cluster given) {
        cluster = given;
        bystander = DeclaredTunnel.make(cluster.keys(), "bystander", cluster.node(0), cluster.node(1), 0);
        cluster.applyReady(bystander.objects());
    }

    @Test
    void aNodeThatDoesNotExist() {
        SecurityAssociation sa = sa("no-node", N1, new SaEnd("n9", null, null, null));
        cluster.apply(List.of(sa));

        Condition condition = awaitNotReady(sa, Reason.NodeNotFound);
        assertThat(condition.message()).contains("n9");
    }

    @Test
    void anAddressThatTheNodeDoesNotHave() {
        SecurityAssociation nobodys = sa("nobodys", N1, new SaEnd("n2", "192.0.2.7", null, null));
        SecurityAssociation others =
                sa("others", N1, new SaEnd("n2", cluster.node(0).facts().podAddress(IpFamily.IPV4), null, null));
        cluster.apply(List.of(nobodys, others));

        assertThat(awaitNotReady(nobodys, Reason.AddressNotOnNode).message()).contains("192.0.2.7");
        awaitNotReady(others, Reason.AddressNotOnNode);
    }

    @Test
    void anAddressOutsideTheClusterThatIsANodes() {
        SecurityAssociation sa =
                sa("inside", N1, new SaEnd(null, cluster.node(1).facts().address(IpFamily.IPV4), null, null));
        cluster.apply(List.of(sa));

        assertThat(awaitNotReady(sa, Reason.AddressOfNode).message()).contains("n2");
    }

    @Test
    void aCpuThatTheNodeDoesNotHave() {
        SecurityAssociation sa = sa("no-cpu", N1, new SaEnd("n2", null, 99, null));
        cluster.apply(List.of(sa));

        assertThat(awaitNotReady(sa, Reason.CpuNotOnNode).message()).contains("99", "n2");
    }

    @Test
    void ofTwoSasThatNameOneKeyTheOneInForceStays() {
        SecurityAssociation older = sa("older", N1, N2);
        cluster.applyReady(List.of(older));
        SecurityAssociation younger = DeclaredTunnel.sa(
                "younger",
                N1,
                N2,
                SaMode.Tunnel,
                REQID,
                DeclaredTunnel.randomSpi(),
                older.getSpec().encryption().keySecretRef());
        cluster.apply(List.of(younger));

        awaitNotReady(younger, Reason.KeyUsedTwice);
        assertReady(older);
    }

    @Test
    void ofTwoSasWithOneKeyInTwoSecretsTheSecondIsRefusedByTheNode() {
        String bytes = Keys.random(Keys.AES_GCM_256);
        cluster.keys().put("twin-a", Api.KEY_SECRET_TYPE, Map.of(Keys.ENTRY, bytes));
        cluster.keys().put("twin-b", Api.KEY_SECRET_TYPE, Map.of(Keys.ENTRY, bytes));
        SecurityAssociation first = withKey("twin-a");
        SecurityAssociation second = withKey("twin-b");
        cluster.applyReady(List.of(first));
        cluster.apply(List.of(second));

        awaitNotReady(second, Reason.KeyReused);
        assertReady(first);
    }

    @Test
    void ofTwoSasWithOneIdentityTheOneInForceStays() {
        SecurityAssociation older = sa("identity", N1, N2);
        cluster.applyReady(List.of(older));
        cluster.keys().make("identity-too", Keys.AES_GCM_256);
        SecurityAssociation younger = DeclaredTunnel.sa(
                "identity-too",
                N1,
                N2,
                SaMode.Tunnel,
                REQID,
                older.getSpec().spi(),
                new KeySecretRef("identity-too", Keys.ENTRY));
        cluster.apply(List.of(younger));

        awaitNotReady(younger, Reason.DuplicateSpi);
        assertReady(older);

        cluster.client().resource(older).delete();
        awaitReady(younger);
    }

    @Test
    void anSaWaitsForItsSecret() {
        SecurityAssociation sa = withKey("later");
        cluster.apply(List.of(sa));
        assertThat(awaitNotReady(sa, Reason.KeyMissing).message()).contains("later", ApiServer.KEYS_NAMESPACE);

        cluster.keys().make("later", Keys.AES_GCM_256);
        awaitReady(sa);
    }

    @Test
    void anSaWaitsForTheEntryOfItsSecret() {
        cluster.keys().put("other-entry", Api.KEY_SECRET_TYPE, Map.of("other", Keys.random(Keys.AES_GCM_256)));
        SecurityAssociation sa = withKey("other-entry");
        cluster.apply(List.of(sa));
        assertThat(awaitNotReady(sa, Reason.KeyMissing).message()).contains(Keys.ENTRY);

        cluster.keys().make("other-entry", Keys.AES_GCM_256);
        awaitReady(sa);
    }

    @Test
    void aKeyOfTheWrongLengthIsToldByWhatItNeedsAndNeverByWhatItHas() {
        cluster.keys().make("short", 29);
        SecurityAssociation sa = withKey("short");
        cluster.apply(List.of(sa));

        Condition condition = awaitNotReady(sa, Reason.KeyInvalid);
        assertThat(condition.message())
                .contains(Integer.toString(Keys.AES_GCM_256))
                .doesNotContain("29");

        cluster.keys().make("short", Keys.AES_GCM_256);
        awaitReady(sa);
    }

    @Test
    void aSecretOfAnotherTypeIsNoKey() {
        cluster.keys().put("opaque", "Opaque", Map.of(Keys.ENTRY, Keys.random(Keys.AES_GCM_256)));
        SecurityAssociation sa = withKey("opaque");
        cluster.apply(List.of(sa));

        assertThat(awaitNotReady(sa, Reason.KeyInvalid).message()).contains(Api.KEY_SECRET_TYPE);
    }

    @Test
    void aPolicyOverTheNodesWayToItsApiServerStandsBehindABypass() {
        SecurityPolicy everything = policy("everything", "0.0.0.0/0", "0.0.0.0/0");
        cluster.applyReady(List.of(everything));

        assertThat(cluster.node(0).run("ip", "xfrm", "policy"))
                .contains("src 0.0.0.0/0 dst 0.0.0.0/0")
                .containsPattern("/32 dst [0-9.]+/32 proto (tcp|6) dport [0-9]+");
    }

    @Test
    void ofTwoPoliciesWithOneSelectorTheOneInForceStays() {
        SecurityPolicy older = policy("first", "10.31.1.0/24", "10.31.2.0/24");
        cluster.applyReady(List.of(older));
        SecurityPolicy younger = policy("second", "10.31.1.0/24", "10.31.2.0/24");
        cluster.apply(List.of(younger));

        awaitNotReady(younger, Reason.DuplicateSelector);
        assertReady(older);
    }

    @Test
    void anSaOfSomebodyElseInItsPlaceIsLeftAlone() {
        var foreign = new ForeignTunnel(cluster.node(0), cluster.node(1));
        SecurityAssociation sa = sa("taken", N1, N2);
        foreign.addSa(sa.getSpec().spi(), OptionalInt.empty(), OptionalInt.empty());
        List<NodeState> before = cluster.states();
        cluster.apply(List.of(sa));

        awaitNotReady(sa, Reason.ForeignEntry);
        assertThat(cluster.states()).isEqualTo(before);

        foreign.removeSa(sa.getSpec().spi());
        awaitReady(sa);
    }

    @Test
    void anInterfaceIsSteeredAsSoonAsItAppears() {
        SteeringPolicy steering = Steering.on("late0", XdpMode.Auto);
        cluster.apply(List.of(steering));
        assertThat(awaitNotReady(steering, Reason.InterfaceNotFound).message()).contains("late0");

        for (Node node : cluster.lab().nodes()) {
            node.script("ip link add late0 type veth peer name late1 && ip link set late0 up && ip link set late1 up");
        }
        try {
            awaitReady(steering);
        } finally {
            cluster.lab().nodes().forEach(node -> node.run("ip", "link", "delete", "late0"));
        }
        awaitNotReady(steering, Reason.InterfaceNotFound);
    }

    @Test
    void anInterfaceBelongsToOneSteeringPolicy() {
        SteeringPolicy older = Steering.on("eth0", XdpMode.Auto);
        cluster.applyReady(List.of(older));
        SteeringPolicy younger = Steering.on("eth0", XdpMode.Auto);
        younger.getMetadata().setName("esp-too");
        cluster.apply(List.of(younger));

        awaitNotReady(younger, Reason.InterfaceTaken);
        assertReady(older);
    }

    private static SecurityPolicy policy(String name, String source, String destination) {
        return DeclaredTunnel.policy(
                name, new PolicyEnd("n1", null, null), new PolicyEnd("n2", null, null), source, destination, REQID);
    }

    private SecurityAssociation sa(String name, SaEnd source, SaEnd destination) {
        return DeclaredTunnel.sa(cluster.keys(), name, source, destination, SaMode.Tunnel, REQID);
    }

    private static SecurityAssociation withKey(String secret) {
        return DeclaredTunnel.sa(
                secret, N1, N2, SaMode.Tunnel, REQID, DeclaredTunnel.randomSpi(), new KeySecretRef(secret, Keys.ENTRY));
    }

    private Condition awaitNotReady(CustomResource<?, ?> object, Reason reason) {
        Condition condition = cluster.await(
                object,
                "not Ready for " + reason,
                seen -> seen.status() == Condition.Status.False && seen.reason().equals(reason.name()));
        bystander.objects().forEach(this::assertReady);
        return condition;
    }

    private void awaitReady(CustomResource<?, ?> object) {
        cluster.awaitReady(List.of(object));
        bystander.objects().forEach(this::assertReady);
    }

    private void assertReady(CustomResource<?, ?> object) {
        assertThat(cluster.ready(object).orElseThrow().status())
                .as(object.getMetadata().getName())
                .isEqualTo(Condition.Status.True);
    }
}
