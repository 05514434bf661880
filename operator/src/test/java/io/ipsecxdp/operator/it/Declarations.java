package io.ipsecxdp.operator.it;

import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.Encryption;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.PolicyAction;
import io.ipsecxdp.crds.PolicyEnd;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SaTermsBuilder;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityAssociationSpecBuilder;
import io.ipsecxdp.crds.SecurityPolicy;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.Selector;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.crds.SteeringPolicySpec;
import io.ipsecxdp.crds.Tunnel;
import io.ipsecxdp.crds.TunnelEnd;
import io.ipsecxdp.crds.TunnelSpec;
import io.ipsecxdp.crds.TunnelTraffic;
import io.ipsecxdp.crds.XdpMode;
import java.util.List;

/** What a user writes. */
final class Declarations {
    private Declarations() {}

    static SecurityAssociation sa(String name, SaEnd source, SaEnd destination, long spi) {
        return sa(name, source, destination, spi, "key-of-" + name);
    }

    static SecurityAssociation sa(String name, SaEnd source, SaEnd destination, long spi, String key) {
        var sa = new SecurityAssociation();
        sa.setMetadata(new ObjectMetaBuilder().withName(name).build());
        sa.setSpec(SecurityAssociationSpecBuilder.builder()
                .withSource(source)
                .withDestination(destination)
                .withSpi(spi)
                .withEncryption(new Encryption("ENCR_AES_GCM_16", 256, new KeySecretRef("keys", key)))
                .withTerms(SaTermsBuilder.builder()
                        .withMode(SaMode.Tunnel)
                        .withReqid(Api.FIRST_REQID)
                        .withReplayWindow(4096)
                        .withEsn(true)
                        .build())
                .build());
        return sa;
    }

    static SecurityPolicy policy(String name, String source, String destination, String from, String to) {
        var policy = new SecurityPolicy();
        policy.setMetadata(new ObjectMetaBuilder().withName(name).build());
        policy.setSpec(SecurityPolicySpec.esp(
                new PolicyEnd(source, null, null),
                new PolicyEnd(destination, null, null),
                Selector.between(from, to),
                PolicyAction.Protect,
                SaMode.Tunnel,
                Api.FIRST_REQID,
                1000));
        return policy;
    }

    /** A steering policy for one node. */
    static SteeringPolicy steering(String name, String node, String cpus, String... interfaces) {
        var steering = new SteeringPolicy();
        steering.setMetadata(new ObjectMetaBuilder().withName(name).build());
        steering.setSpec(new SteeringPolicySpec(
                new LabelSelectorBuilder().addToMatchLabels("name", node).build(),
                List.of(interfaces),
                cpus,
                2048,
                XdpMode.Auto));
        return steering;
    }

    /** A mesh of the nodes of these names, for what their pods send. */
    static Tunnel tunnel(String name, String... nodes) {
        var tunnel = new Tunnel();
        tunnel.setMetadata(new ObjectMetaBuilder().withName(name).build());
        tunnel.setSpec(new TunnelSpec(
                List.of(new TunnelEnd(new LabelSelectorBuilder()
                        .addNewMatchExpression()
                        .withKey("name")
                        .withOperator("In")
                        .withValues(nodes)
                        .endMatchExpression()
                        .build())),
                TunnelTraffic.ofPods(),
                null,
                null,
                null,
                null,
                null));
        return tunnel;
    }

    static SaEnd node(String name) {
        return new SaEnd(name, null, null, null);
    }

    static SaEnd cpu(String name, int cpu) {
        return new SaEnd(name, null, cpu, null);
    }

    static SaEnd nodeAt(String name, String address) {
        return new SaEnd(name, address, null, null);
    }

    static SaEnd host(String address) {
        return new SaEnd(null, address, null, null);
    }
}
