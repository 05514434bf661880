package io.ipsecxdp.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

/**
 * The demo's cluster, left running for somebody who wants to play, until SIGTERM. {@code lab/cluster} starts and ends it.
 * Operator and agents that end are started again, as Kubernetes does with containers.
 */
public final class Playground {
    private static final Duration RESTART = Duration.ofSeconds(3);

    private final Cluster cluster;

    private Playground(Cluster cluster) {
        this.cluster = cluster;
    }

    /** @param arguments a folder, where {@code node} and, when all is ready, {@code welcome} are written to */
    public static void main(String[] arguments) {
        Project project = Project.here();
        Path folder = Path.of(arguments[0]);
        var choice = KernelChoice.best(project);
        System.out.println(choice.reason());
        try (var cleanup = new Cleanup()) {
            Cluster cluster = cleanup.add(Cluster.start(project, choice.kernel()));
            var playground = new Playground(cluster);
            Path node = playground.writeNode(folder.resolve("node"));
            write(
                    folder.resolve("welcome.new"),
                    playground.welcome(project.root().relativize(node)));
            Files.move(folder.resolve("welcome.new"), folder.resolve("welcome"));
            playground.supervise();
        } catch (RuntimeException | IOException e) {
            System.out.println("failed: " + e.getMessage());
            System.exit(1);
        }
    }

    private void supervise() {
        while (true) {
            Await.pause(RESTART);
            try {
                cluster.startWhatEnded();
            } catch (RuntimeException e) {
                System.out.println("cannot be started again: " + e.getMessage());
            }
        }
    }

    private Path writeNode(Path file) {
        var nodes = new StringBuilder();
        for (Node node : cluster.lab().nodes()) {
            nodes.append("  %s) namespace=%s state=%s ;;%n"
                    .formatted(
                            node.name(), node.facts().namespace(), node.facts().state()));
        }
        write(file, """
                #!/bin/bash
                # node NAME             a shell on a node of `make up`
                # node NAME COMMAND...  runs COMMAND there
                # node NAME kill-agent | cut-off | reconnect | reboot
                set -euo pipefail
                terminal=
                if [[ -t 0 && -t 1 ]]; then terminal=-t; fi
                in_kernel() { %s; }
                case ${1:-} in
                %s  *) sed -n '2,4s/^# //p' "$0" >&2; exit 2 ;;
                esac
                shift
                on_node() { in_kernel nsenter --net="/run/netns/$namespace" "$@"; }
                case ${1:-bash} in
                  kill-agent) in_kernel sh -c 'kill -KILL $(grep -lszx "$0" /proc/[0-9]*/environ | cut -d/ -f3)' "KUBECONFIG=$state.kubeconfig" ;;
                  cut-off) on_node ip link set mgmt0 down ;;
                  reconnect) on_node ip link set mgmt0 up ;;
                  reboot) terminal= in_kernel bash -s reboot --lab "${namespace%%-*}" "${namespace##*-}" %s <'%s' ;;
                  *) on_node "${@:-bash}" ;;
                esac
                """.formatted(
                cluster.lab().kernel().shell(),
                nodes,
                String.join(" ", cluster.lab().nodes().stream().map(Node::name).toList()),
                cluster.lab().project().lab("nodes")));
        try {
            return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String welcome(Path node) {
        Lab lab = cluster.lab();
        Node one = cluster.node(0);
        return """
                A cluster is up: an API server, two nodes (Linux %1$s), an agent on each, the operator. make down ends it.

                  export KUBECONFIG=%2$s
                  export PATH=$PATH:%3$s

                Try first:
                  kubectl get ipnode
                  kubectl apply -f examples/variants/tunnel.yaml
                  kubectl get tunnels,keyshares
                  kubectl apply -f examples/steering-policy.yaml
                  %4$s %5$s ping -c 3 %6$s        from pod to pod, in ESP
                  %4$s %5$s ip -s xfrm state          what the kernel has
                  kubectl patch tunnel pods --type=merge -p '{"spec":{"rekey":{"request":"one"}}}'      new keys
                  %4$s %5$s ip xfrm policy flush      and look with ip xfrm policy what the agent makes of that

                SAs with keys of your own, once the tunnel is deleted (kubectl delete tunnel pods):
                  examples/make-keys examples/security-associations.yaml
                  kubectl apply -f examples/security-associations.yaml -f examples/security-policies.yaml
                  kubectl get ipsa,ipsp

                A shell on a node             %4$s %5$s
                Kill its agent                %4$s %5$s kill-agent      (it is started again, as a kubelet does)
                Cut it off the API server     %4$s %5$s cut-off         (and back: reconnect)
                Reboot it                     %4$s %5$s reboot          (a tunnel comes back by itself; kubectl get ipsa says what declared SAs need)
                Logs                          %7$s
                """.formatted(
                        one.run("uname", "-r").strip(),
                        lab.api().adminKubeconfig(),
                        lab.api().binaries(),
                        node,
                        one.name(),
                        cluster.node(1).facts().podAddress(IpFamily.IPV4),
                        lab.folder().resolve("logs"));
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
