package io.ipsecxdp.agent.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.NodePlan;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The writer with the rights that an agent has. */
class AgentStatusWriterIT {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();
    private static final String AGENT = "ipsec-xdp-agent";

    @TempDir
    private Path folder;

    private TestingApiServer server;

    @BeforeEach
    void start() throws IOException {
        server = TestingApiServer.start(PROJECT, folder);
        server.install(AGENT);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** Without its uid, an apply would make it again. */
    @Test
    void aPlanThatIsGoneIsNotMadeAgainAndKeepsNothingElseFromBeingWritten() {
        try (var client = server.clientOf(AGENT);
                var writer = new AgentStatusWriter(client, "n1", AgentStatusWriter.LOOK_AGAIN, Clock.systemUTC())) {
            writer.tell(AgentStatusWriterTest.update(Optional.empty()));

            await().atMost(Duration.ofSeconds(20))
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(server.client()
                                    .resources(IPsecNode.class)
                                    .withName("n1")
                                    .get()
                                    .getStatus()
                                    .kernel())
                            .isEqualTo("7.3"));
        }
        assertThat(server.client().resources(NodePlan.class).list().getItems()).isEmpty();
    }
}
