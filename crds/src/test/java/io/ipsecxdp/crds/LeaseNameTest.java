package io.ipsecxdp.crds;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LeaseNameTest {

    private static final int LONGEST = 253;

    @Test
    void aLeaseIsNamedByItsNode() {
        assertThat(Api.leaseName("n1")).isEqualTo("ipsec-xdp-agent-n1");
        assertThat(Api.leaseName("a".repeat(237))).endsWith("a".repeat(237)).hasSize(LONGEST);
    }

    /** The chart's admission policy compares the first 221 characters, as it cannot compute the hash. */
    @Test
    void aNodeNameThatIsTooLongIsCutAndMadeUniqueAgain() {
        String one = Api.leaseName("a".repeat(252) + "b");
        String other = Api.leaseName("a".repeat(252) + "c");

        assertThat(one)
                .hasSize(LONGEST)
                .startsWith("ipsec-xdp-agent-" + "a".repeat(221))
                .isNotEqualTo(other);
        assertThat(Api.leaseName("a".repeat(220) + "." + "b".repeat(30))).matches("[a-z0-9]([-a-z0-9.]*[a-z0-9])?");
    }
}
