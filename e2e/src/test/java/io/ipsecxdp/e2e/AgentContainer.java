package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The agent of a node in the container that the chart's DaemonSet describes, run by podman from the image that {@code lab/images}
 * made: with its seccomp profile, capabilities, user, read-only root file system, limits and folders of the node.
 *
 * <p>What a kubelet does and podman does not: it fills in the fields of the pod that the environment refers to, mounts the token
 * (here a kubeconfig), asks the probes, and takes ports of a pod in the node's network for what they are.
 */
final class AgentContainer implements AutoCloseable {
    private static final String POD = "ipsec-xdp-agent";
    private static final String CONTAINER = POD + "-agent";
    private static final String KUBECONFIG = "/run/ipsec-xdp-agent.kubeconfig";
    private static final Duration LOAD = Duration.ofMinutes(5);

    private final Node node;

    private AgentContainer(Node node) {
        this.node = node;
    }

    /** Brings the image of an archive into the kernel's podman. */
    static void load(Kernel kernel, Path archive) {
        var words = new ArrayList<>(List.of("bash", "-c", "exec \"${@:2}\" <\"$1\"", "load", archive.toString()));
        words.addAll(kernel.command(List.of("podman", "load", "-q")));
        Command.of(words.toArray(String[]::new)).within(LOAD).output();
    }

    /** Starts it with the state of the node's agent, which must have ended; returns before it is ready. */
    static AgentContainer start(Project project, Node node, ApiServer api) {
        node.kernel()
                .write(KUBECONFIG, api.agentKubeconfig(node.name(), node.facts().api()));
        node.kernel().write("/run/agent-pod.yaml", new KubernetesSerialization().asYaml(pod(project, node)));
        node.run("podman", "kube", "play", "/run/agent-pod.yaml");
        return new AgentContainer(node);
    }

    private static Pod pod(Project project, Node node) {
        PodSpec spec = ChartRendering.of(project).stream()
                .filter(DaemonSet.class::isInstance)
                .map(object -> ((DaemonSet) object).getSpec().getTemplate().getSpec())
                .findFirst()
                .orElseThrow();
        Container container = spec.getContainers().getFirst();
        container.setEnv(
                container.getEnv().stream().map(env -> filledIn(env, node)).toList());
        spec.getVolumes().stream()
                .filter(volume -> volume.getHostPath() != null)
                .forEach(volume -> volume.getHostPath().setPath(folder(volume.getName(), node.facts())));
        // In the node's network there is nothing to map, which podman does not see
        container.setPorts(List.of());
        container.setStartupProbe(null);
        container.setLivenessProbe(null);
        container.setReadinessProbe(null);
        return new PodBuilder()
                .withNewMetadata()
                .withName(POD)
                .endMetadata()
                .withSpec(spec)
                .editSpec()
                .editFirstContainer()
                .addNewEnv()
                .withName("KUBECONFIG")
                .withValue(KUBECONFIG)
                .endEnv()
                .addNewVolumeMount()
                .withName("token")
                .withMountPath(KUBECONFIG)
                .withReadOnly(true)
                .endVolumeMount()
                .endContainer()
                .addNewVolume()
                .withName("token")
                .withNewHostPath()
                .withPath(KUBECONFIG)
                .withType("File")
                .endHostPath()
                .endVolume()
                .endSpec()
                .build();
    }

    /** Both nodes have one file system here, and so folders of their own in it. */
    private static String folder(String volume, NodeFacts facts) {
        return switch (volume) {
            case "bpf" -> facts.bpffs();
            case "state" -> facts.state();
            case "keys" -> facts.runtime();
            default -> throw new IllegalArgumentException("no folder of the node is for the volume " + volume);
        };
    }

    private static EnvVar filledIn(EnvVar env, Node node) {
        if (env.getValueFrom() == null) {
            return env;
        }
        Map<String, String> fields = Map.of(
                "spec.nodeName", node.name(),
                "metadata.namespace", ApiServer.NAMESPACE,
                "status.hostIP", node.facts().addresses().getFirst());
        return new EnvVarBuilder()
                .withName(env.getName())
                .withValue(fields.get(env.getValueFrom().getFieldRef().getFieldPath()))
                .build();
    }

    /** What its kernel says of its process: /proc/PID/status. */
    String status() {
        return node.kernel()
                .script("cat /proc/$(podman inspect --format '{{.State.Pid}}' %s)/status".formatted(CONTAINER));
    }

    Command.Result inside(String... words) {
        var all = new ArrayList<>(List.of("podman", "exec", CONTAINER));
        all.addAll(List.of(words));
        return node.tryRun(all.toArray(String[]::new));
    }

    String log() {
        return node.tryRun("podman", "logs", "--tail", "40", CONTAINER).toString();
    }

    /** SIGTERM, as a kubelet ends it, and waits for the end. */
    @Override
    public void close() {
        node.run("podman", "kube", "down", "/run/agent-pod.yaml");
    }
}
