package io.ipsecxdp.e2e;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests of this class get a {@link Cluster} as parameter: one and the same for the whole suite, with nothing declared.
 * After each test everything is deleted again; after each class its logs and statuses are searched for keys.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(ClusterExtension.class)
@interface OnCluster {
    /** The kernel of the nodes; without it, this machine's where that is good enough, else a recent one in a guest. */
    KernelChoice[] kernel() default {};
}
