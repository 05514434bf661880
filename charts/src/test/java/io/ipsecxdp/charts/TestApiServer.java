package io.ipsecxdp.charts;

import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A real API server with RBAC on: the one that lab/apiserver finds.
 *
 * @param client with all rights
 */
record TestApiServer(KubeAPIServer server, KubernetesClient client) implements AutoCloseable {

    static TestApiServer start(Path folder) throws IOException {
        var server = new KubeAPIServer(KubeAPIServerConfigBuilder.anAPIServerConfig()
                .withTestDir(laidOut(assets(), folder).toString())
                .withOfflineMode(true)
                .withUpdateKubeConfig(false)
                .build());
        server.start();
        return new TestApiServer(
                server,
                new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                        .build());
    }

    /** A client of whom a token stands for. */
    KubernetesClient withToken(String token) {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(Config.fromKubeconfig(server.getKubeConfigYaml()))
                        .withClientCertData(null)
                        .withClientCertFile(null)
                        .withClientKeyData(null)
                        .withClientKeyFile(null)
                        .withOauthToken(token)
                        .build())
                .build();
    }

    /** A client of somebody else, as the API server's own administrator can be anybody. */
    KubernetesClient as(String user) {
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(Config.fromKubeconfig(server.getKubeConfigYaml()))
                        .withImpersonateUsername(user)
                        .build())
                .build();
    }

    @Override
    public void close() {
        client.close();
        server.stop();
    }

    private static Path assets() throws IOException {
        var search = new ProcessBuilder(Project.ROOT.resolve("lab/apiserver").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String found = new String(search.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (search.onExit().join().exitValue() == 0) {
            return Path.of(found);
        }
        String missing = "lab/apiserver, whose words stand above, found no API server to ask";
        if ("true".equals(System.getenv("CI"))) {
            throw new AssertionError(missing);
        }
        System.err.println("skipped: " + missing);
        return abort(missing);
    }

    /** The layout that kube-api-test looks for. Its version is that of the folder's name, and has no meaning here. */
    private static Path laidOut(Path assets, Path folder) throws IOException {
        Path versions = Files.createDirectories(folder.resolve("k8s"));
        Files.createSymbolicLink(versions.resolve("1.0.0-linux-amd64"), assets);
        return folder;
    }
}
