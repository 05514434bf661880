package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.Reason;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Keeps at most one cluster, so that two guests never share the machine. */
final class ClusterExtension implements BeforeAllCallback, AfterEachCallback, AfterAllCallback, ParameterResolver {
    /** The place in the suite of tests on other kernels: after all others. */
    static final int OTHER_KERNELS = Integer.MAX_VALUE - 1;

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(ClusterExtension.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        holder(context).provide(kernel(context));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Cluster cluster = holder(context).cluster();
        if (context.getExecutionException().isPresent()) {
            System.out.println(context.getDisplayName() + " failed; " + cluster.tails());
        }
        cluster.restore();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        assertThat(holder(context).cluster().leaks())
                .as("places where keys can be read")
                .isEmpty();
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Cluster.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return holder(context).cluster();
    }

    static boolean isUnsupported(Condition condition) {
        return condition.status() == Condition.Status.False
                && condition.reason().equals(Reason.Unsupported.name());
    }

    private static KernelChoice kernel(ExtensionContext context) {
        KernelChoice[] wanted =
                context.getRequiredTestClass().getAnnotation(OnCluster.class).kernel();
        return wanted.length == 0 ? KernelChoice.best(Project.here()).kernel() : wanted[0];
    }

    private static Holder holder(ExtensionContext context) {
        return context.getRoot().getStore(NAMESPACE).computeIfAbsent(Holder.class);
    }

    /** Holds it, and closes it with the suite. */
    static final class Holder implements AutoCloseable {
        private Cluster cluster;
        private KernelChoice kernel;

        void provide(KernelChoice wanted) {
            if (cluster == null || wanted != kernel) {
                close();
                long begun = System.nanoTime();
                cluster = Cluster.start(Project.here(), wanted);
                kernel = wanted;
                System.out.printf(
                        "cluster on kernel %s started in %d s, logs in %s%n",
                        cluster.node(0).run("uname", "-r").strip(),
                        (System.nanoTime() - begun) / 1_000_000_000,
                        cluster.lab().folder());
            }
        }

        Cluster cluster() {
            return cluster;
        }

        @Override
        public void close() {
            if (cluster != null) {
                cluster.close();
                cluster = null;
            }
        }
    }
}
