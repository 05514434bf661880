package io.ipsecxdp.agent.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

import io.ipsecxdp.agent.it.TestNode.RunningAgent;
import io.ipsecxdp.charts.Chart;
import io.ipsecxdp.charts.MetricsReader;
import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.linux.Needs;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who gets the metrics of an agent as it is shipped: a real API server decides, with the roles of the chart. */
@Timeout(180)
class ScrapeIT {
    private static final int PORT = 9465;
    private static final int LOOPBACK_PORT = 9464;
    private static final String SERIES = "ipsecxdp_sa_refused_packets{";

    @TempDir
    private Path folder;

    private TestingApiServer server;
    private TestNode node;
    private RunningAgent agent;
    private MetricsReader scraped;

    @BeforeEach
    void aNodeWithItsAgent() throws IOException {
        Needs.root();
        Needs.program("ip");
        Needs.program("setpriv");
        Needs.program("curl");
        server = TestingApiServer.start(TestNode.PROJECT, Files.createDirectories(folder.resolve("server")));
        server.install(TestNode.AGENT);
        node = new TestNode("n1", folder, server);
        agent = node.start();
        scraped = new MetricsReader(node.address(), PORT);
        soon().ignoreExceptions().until(() -> status(Optional.empty()) == 401);
    }

    @AfterEach
    void end() {
        agent.close();
        node.close();
        server.close();
    }

    @Test
    void metricsAreForWhoMayReadThemAndProbesForTheLoopback() throws Exception {
        String reader = server.installMetricsReader();
        String first = server.token(reader);
        String second = server.token(reader);

        assertThat(status(Optional.empty())).isEqualTo(401);
        assertThat(status(Optional.of("made-up"))).isEqualTo(401);
        assertThat(status(Optional.of(server.token("stranger")))).isEqualTo(403);
        var answer = scraped.read(Optional.of(first));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains(SERIES);
        assertThat(answer.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain; version=0.0.4");

        node.gate().close();
        assertThat(status(Optional.of(second))).as("the API server is away").isEqualTo(503);
        assertThat(status(Optional.of(first))).as("allowed a moment ago").isEqualTo(200);
        assertThat(node.probe("/q/health/live")).isEqualTo(200);

        node.gate().open();
        soon().until(() -> status(Optional.of(second)) == 200);
        assertThatIOException().as("probes are not at the node's address").isThrownBy(() -> {
            try (var socket = new Socket()) {
                socket.connect(new InetSocketAddress(node.address(), LOOPBACK_PORT), 5_000);
            }
        });
        assertThat(agent.log()).doesNotContain(first).doesNotContain(second);
    }

    @Test
    void theCommandsOfTheManualShowMetrics() throws Exception {
        String page = Files.readString(TestNode.PROJECT.resolve("docs/operations.md"));
        String commands = page.split("\n### Who may read metrics\n", 2)[1].split("```\n", 3)[1];
        // The role comes with the chart
        server.installMetricsReader();
        assertThat(commands).contains("NODE:" + PORT);

        Files.createSymbolicLink(folder.resolve("kubectl"), server.kubectl());
        var shell =
                new ProcessBuilder("bash", "-euc", commands.replace("NODE", node.address())).redirectErrorStream(true);
        shell.environment().put("KUBECONFIG", server.kubeconfig().toString());
        shell.environment().merge("PATH", folder.toString(), (path, ours) -> ours + ":" + path);
        Process process = shell.start();
        try (var lines = process.inputReader().lines()) {
            assertThat(lines.collect(Collectors.joining("\n")))
                    .contains("serviceaccount/scraper created")
                    .contains(SERIES);
        }
        assertThat(process.waitFor()).isZero();
        assertThat(server.client()
                        .serviceAccounts()
                        .inNamespace(Chart.RELEASE)
                        .withName("scraper")
                        .get())
                .isNotNull();
    }

    private int status(Optional<String> token) throws IOException, InterruptedException {
        return scraped.read(token).statusCode();
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(300));
    }
}
