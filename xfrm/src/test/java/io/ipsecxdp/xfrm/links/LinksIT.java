package io.ipsecxdp.xfrm.links;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.linux.Needs;
import io.ipsecxdp.linux.NetDevice;
import io.ipsecxdp.linux.NetworkNamespace;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What this machine's kernel tells of interfaces. */
@Timeout(60)
class LinksIT {

    /** {@code ARPHRD_NONE} of linux/if_arp.h. */
    private static final int NO_HEADER = 65534;

    private NetworkNamespace namespace;

    @BeforeEach
    void makeNamespace() {
        Needs.root();
        namespace = NetworkNamespace.create();
    }

    @AfterEach
    void removeNamespace() {
        namespace.close();
    }

    @Test
    void aTunHasNoEthernetHeaderAndATapHas() {
        namespace.run("ip tuntap add dev tun9 mode tun");
        namespace.run("ip tuntap add dev tap9 mode tap");

        Map<String, Link> links = namespace.call(Links::list);

        assertThat(links.get("tun9").hardware()).isEqualTo(NO_HEADER);
        assertThat(links.get("tun9").kind()).isEqualTo("tun");
        assertThat(links.get("tun9").hasEthernetHeader()).isFalse();
        assertThat(links.get("tap9").hasEthernetHeader()).isTrue();
        assertThat(links.get("lo").hasEthernetHeader()).isTrue();
    }

    @Test
    void aPortOfABridgeIsShared() {
        namespace.run("ip link add name plain type bridge");
        namespace.run("ip link add name eth0 type veth peer name peer0");
        namespace.run("ip link set eth0 master plain");

        Map<String, Link> links = namespace.call(Links::list);

        assertThat(links.get("plain").isVlanAware()).isFalse();
        assertThat(links.get("eth0").isShared(links.values())).isTrue();
        assertThat(links.get("peer0").isShared(links.values())).isFalse();
    }

    @Test
    void aMacvlanSharesTheInterfaceBelow() {
        namespace.run("ip link add name eth0 type veth peer name peer0");
        assertThat(namespace
                        .call(Links::list)
                        .get("eth0")
                        .isShared(namespace.call(Links::list).values()))
                .isFalse();
        namespace.run("ip link add link eth0 name pod0 type macvlan mode bridge");

        Map<String, Link> links = namespace.call(Links::list);

        assertThat(links.get("eth0").isShared(links.values())).isTrue();
    }

    @Test
    void aDriverTellsWhatItDoesForNativeXdp() {
        namespace.run("ip link add name eth0 type veth peer name peer0");
        namespace.run("ip tuntap add dev tun9 mode tun");
        Map<String, Link> links = namespace.call(Links::list);

        assertThat(features(links.get("eth0").device())).satisfies(veth -> {
            assertThat(veth.basic()).isTrue();
            assertThat(veth.redirect()).isTrue();
        });
        assertThat(features(links.get("tun9").device()).bits()).isZero();
        assertThat(namespace.call(() -> XdpFeatures.of(new NetDevice("gone", 4711))))
                .isEmpty();
    }

    private XdpFeatures features(NetDevice device) {
        return namespace.call(() -> XdpFeatures.of(device)).orElseThrow();
    }
}
