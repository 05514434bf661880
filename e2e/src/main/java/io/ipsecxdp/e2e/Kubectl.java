package io.ipsecxdp.e2e;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** kubectl, with a kubeconfig. */
public record Kubectl(Path binary, Path kubeconfig, Path folder) {

    /** kubectl in the root folder of the project, with all rights. */
    public static Kubectl admin(Project project, ApiServer api) {
        return new Kubectl(api.binaries().resolve("kubectl"), api.adminKubeconfig(), project.root());
    }

    /** Installs the CRDs. */
    public void installCrds() {
        run("apply", "-f", "crds/");
    }

    /** Runs it and returns what it printed. */
    public String run(String... arguments) {
        return command(arguments).output();
    }

    /** Runs it, whatever it exits with. */
    public Command.Result tryRun(String... arguments) {
        return command(arguments).run();
    }

    /** {@code kubectl apply -f -}, whatever it exits with. */
    public Command.Result apply(String yaml) {
        return command("apply", "-f", "-").reading(yaml).run();
    }

    /** The environment in which `kubectl` is this one. */
    public Map<String, String> environment() {
        return Map.of(
                "KUBECONFIG",
                kubeconfig.toString(),
                "KUBECACHEDIR",
                kubeconfig.resolveSibling("kube-cache").toString(),
                "PATH",
                binary.getParent() + ":" + System.getenv("PATH"));
    }

    private Command command(String... arguments) {
        var words = new ArrayList<>(List.of(binary.toString()));
        words.addAll(List.of(arguments));
        return Command.of(words).with(environment()).in(folder);
    }
}
