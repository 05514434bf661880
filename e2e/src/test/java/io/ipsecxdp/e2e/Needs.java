package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** What a test needs that a machine may not have: a developer's machine may skip the test, CI may not. */
final class Needs {
    private Needs() {}

    static void that(boolean present, String what) {
        if (!present) {
            System.out.println("skipped for want of " + what);
        }
        if ("true".equals(System.getenv("CI"))) {
            assertThat(present).as(what).isTrue();
        }
        assumeTrue(present, what);
    }
}
