package io.ipsecxdp.bench;

import io.ipsecxdp.e2e.Cluster;
import io.ipsecxdp.e2e.KernelChoice;
import io.ipsecxdp.e2e.Lab;
import io.ipsecxdp.e2e.Project;
import java.util.Optional;

/** Where measurements are taken. What one of them started serves those after it. */
public final class Labs implements AutoCloseable {

    private record Running(KernelChoice kernel, Cluster cluster) {}

    private final Project project;
    private Optional<Running> running = Optional.empty();

    Labs(Project project) {
        this.project = project;
    }

    public Project project() {
        return project;
    }

    /** The whole product, on a kernel with ESP: this machine's own, if it has that, else a guest's. Nothing is declared. */
    public Cluster cluster() {
        return cluster(KernelChoice.best(project).kernel());
    }

    /** The whole product on this machine's own kernel. Nothing is declared. */
    public Cluster clusterOnThisMachine() {
        return cluster(KernelChoice.HOST);
    }

    /** A kernel with ESP and two nodes in it, and an API server, but nothing of the product; the caller closes it. */
    Lab kernelAlone() {
        quiet();
        return Lab.start(project, KernelChoice.best(project).kernel());
    }

    /** Ends what runs, so that this machine is there for one measurement alone. */
    public void quiet() {
        running.ifPresent(lab -> lab.cluster().close());
        running = Optional.empty();
    }

    @Override
    public void close() {
        quiet();
    }

    private Cluster cluster(KernelChoice kernel) {
        if (running.filter(lab -> lab.kernel() == kernel).isEmpty()) {
            quiet();
            running = Optional.of(new Running(kernel, Cluster.start(project, kernel)));
        } else {
            running.get().cluster().restore();
        }
        return running.orElseThrow().cluster();
    }
}
