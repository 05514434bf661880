package io.ipsecxdp.xfrm.links;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Messages as rtnetlink sends them, of what not every kernel that tests run on can make. */
class LinkAttributesTest {

    /** Attributes of linux/if_link.h. */
    private static final int NAME = 3;

    private static final int LINK_INFO = 18;
    private static final int KIND = 1;
    private static final int DATA = 2;
    private static final int VLAN_FILTERING = 7;
    private static final int AGEING_TIME = 4;

    private static Link bridge(int vlanFiltering) {
        return link(
                attribute(NAME, text("br0")),
                attribute(
                        LINK_INFO,
                        attribute(KIND, text("bridge")),
                        attribute(
                                DATA,
                                attribute(AGEING_TIME, new byte[] {1, 0, 0, 0}),
                                attribute(VLAN_FILTERING, new byte[] {(byte) vlanFiltering}))));
    }

    @Test
    void aBridgeTellsWhetherItFiltersVlans() {
        assertThat(bridge(0).isVlanAware()).isFalse();
        assertThat(bridge(1).isVlanAware()).isTrue();
    }

    @Test
    void whatOtherKindsSayInThatPlaceIsNoVlanFiltering() {
        Link vxlan = link(
                attribute(NAME, text("vx0")),
                attribute(
                        LINK_INFO,
                        attribute(KIND, text("vxlan")),
                        attribute(DATA, attribute(VLAN_FILTERING, new byte[] {1}))));

        assertThat(vxlan.vlanFiltering()).isFalse();
    }

    @Test
    void anEmptyAttributeIsNothing() {
        assertThat(link(
                                attribute(NAME, text("br0")),
                                attribute(
                                        LINK_INFO,
                                        attribute(KIND, text("bridge")),
                                        attribute(DATA, attribute(VLAN_FILTERING, new byte[0]))))
                        .vlanFiltering())
                .isFalse();
    }

    /** {@code struct nlmsghdr}, {@code struct ifinfomsg} of an Ethernet interface with index 7, and attributes. */
    private static Link link(byte[]... attributes) {
        ByteBuffer message = ByteBuffer.allocate(512).order(ByteOrder.nativeOrder());
        message.putShort(4, (short) RouteMessage.RTM_NEWLINK);
        message.position(18).putShort((short) 1).putInt(7).position(32);
        for (byte[] attribute : attributes) {
            message.put(attribute);
        }
        return new RouteMessage(message.slice(0, message.position()).order(ByteOrder.nativeOrder()))
                .link()
                .orElseThrow();
    }

    private static byte[] attribute(int type, byte[]... parts) {
        int length = 4;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer attribute = ByteBuffer.allocate(length + 3 & ~3).order(ByteOrder.nativeOrder());
        attribute.putShort((short) length).putShort((short) type);
        for (byte[] part : parts) {
            attribute.put(part);
        }
        return attribute.array();
    }

    private static byte[] text(String text) {
        return (text + "\0").getBytes(StandardCharsets.US_ASCII);
    }
}
