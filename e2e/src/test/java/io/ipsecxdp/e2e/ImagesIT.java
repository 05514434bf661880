package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ipsecxdp.crds.XdpMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The images are those of make images, and what runs from them does what the agent does without. */
@OnCluster
class ImagesIT {
    private static final Duration MAKING = Duration.ofMinutes(15); // the first time, Debian's JDK is downloaded
    private static final int PORT = 5_100;

    @TempDir
    private static Path once;

    @BeforeAll
    static void makeImages() {
        make(once);
    }

    private static void make(Path folder) {
        Command.of(Project.here().lab("images"), folder.toString())
                .within(MAKING)
                .output();
    }

    @Test
    void theSameInGivesTheSameOut(@TempDir Path again) throws Exception {
        make(again);
        for (String name : List.of("ipsec-xdp-operator.tar", "ipsec-xdp-agent.tar", "ipsec-xdp-agent.cdx.json")) {
            assertThat(digest(again.resolve(name))).as(name).isEqualTo(digest(once.resolve(name)));
        }
    }

    @Test
    void aListNamesWhatIsInEach() throws IOException {
        assertThat(components("ipsec-xdp-agent"))
                .anyMatch(purl -> purl.startsWith("pkg:deb/debian/libbpf1@"))
                .anyMatch(purl -> purl.startsWith("pkg:deb/debian/libxdp1@"))
                .anyMatch(purl -> purl.startsWith("pkg:deb/debian/openjdk-25-jre-headless@"))
                .anyMatch(purl -> purl.startsWith("pkg:maven/net.java.dev.jna/jna@"));
        assertThat(components("ipsec-xdp-operator"))
                .anyMatch(purl -> purl.startsWith("pkg:maven/io.javaoperatorsdk/"))
                .noneMatch(purl -> purl.startsWith("pkg:deb/debian/libbpf1@"));
    }

    private static List<String> components(String image) throws IOException {
        JsonNode list =
                new ObjectMapper().readTree(once.resolve(image + ".cdx.json").toFile());
        assertThat(list.path("bomFormat").asText()).isEqualTo("CycloneDX");
        return list.findValuesAsText("purl");
    }

    private static String digest(Path file) throws IOException, NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }

    /** An agent that goes from a process to its container under traffic is like an upgrade. */
    @Test
    void theAgentWorksInTheContainerOfTheChart(Cluster cluster) {
        Node node = cluster.node(0);
        AgentContainer.load(node.kernel(), once.resolve("ipsec-xdp-agent.tar"));
        DeclaredTunnel tunnel = DeclaredTunnel.make(cluster.keys(), "contained", node, cluster.node(1), 2);
        cluster.applyReady(tunnel.objects());
        cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native)));
        cluster.warmUp();
        try (Flow.Running flow = Flow.endless(node, cluster.node(1), PORT, 500)
                .start(cluster.lab().daemons())) {
            cluster.agent(0).terminate();
            try (var agent =
                    AgentContainer.start(Project.here(), node, cluster.lab().api())) {
                Await.until(
                        "the container is ready",
                        Cluster.PATIENCE.multipliedBy(5),
                        agent::log,
                        () -> cluster.agent(0).answersReady());
                assertThat(agent.status())
                        .as(
                                "CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF and no others; a seccomp filter; no more rights by exec")
                        .contains("CapEff:\t000000c000001000", "Seccomp:\t2", "NoNewPrivs:\t1");
                assertThat(agent.inside("sh", "-c", "cat </dev/null >/written").ok())
                        .as("the root file system is read-only")
                        .isFalse();

                DeclaredTunnel more = DeclaredTunnel.make(
                        cluster.keys(),
                        "more",
                        node,
                        cluster.node(1),
                        IpFamily.IPV6,
                        io.ipsecxdp.crds.SaMode.Tunnel,
                        0);
                cluster.applyReady(more.objects());
                cluster.applyReady(List.of(Steering.on("eth0", XdpMode.Native, 512)));
                node.run("ping", "-q", "-c", "3", cluster.node(1).facts().podAddress(IpFamily.IPV6));
                cluster.deleteDeclared();
                assertThat(node.run("ip", "xfrm", "state", "list", "nokeys")).doesNotContain("proto esp");
            } finally {
                cluster.agent(0).startAgain();
            }
            Flow.Report report = flow.end();
            assertThat(report.lost()).isZero();
            assertThat(report.sent()).isPositive();
        }
    }
}
