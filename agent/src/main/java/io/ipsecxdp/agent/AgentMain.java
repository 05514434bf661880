package io.ipsecxdp.agent;

import io.ipsecxdp.agent.state.StateException;
import io.ipsecxdp.agent.xfrm.XfrmException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.logging.LogManager;
import org.jboss.logging.Logger;

/** Runs the agent until it is told to stop, or with {@code --cleanup} removes from the node what agents installed. */
public final class AgentMain {

    private static final List<String> CLEANUP = List.of("--cleanup");
    private static final int FAILURE = 1;
    private static final int USAGE = 2;

    private AgentMain() {}

    /** Exits with 1 if the agent cannot work here, and with 2 if it was not called properly. */
    public static void main(String... arguments) {
        configureLogs();
        int exitCode = run(List.of(arguments));
        if (exitCode != 0) {
            System.exit(exitCode);
        }
    }

    private static int run(List<String> arguments) {
        try {
            if (arguments.isEmpty()) {
                begin(AgentConfig.from(System.getenv()));
                return 0;
            }
            if (arguments.equals(CLEANUP)) {
                return new Cleanup(AgentConfig.from(System.getenv()), System.out, Clock.systemUTC()).run();
            }
            System.err.println("usage: agent [--cleanup]");
            return USAGE;
        } catch (AgentConfig.UnusableException e) {
            System.err.println(e.getMessage());
            return USAGE;
        } catch (StateException | XfrmException | Endpoints.UnavailableException e) {
            Logger.getLogger(AgentMain.class).error(e.getMessage());
            return FAILURE;
        } catch (RuntimeException | LinkageError e) {
            Logger.getLogger(AgentMain.class).error("The agent cannot start", e);
            return FAILURE;
        }
    }

    /** Its threads go on until a signal ends the process. */
    private static void begin(AgentConfig config) {
        Metrics metrics = new Metrics();
        Health health = new Health();
        Endpoints endpoints = Endpoints.open(
                config.healthPort(), new Endpoints.Questions(health::alive, health::ready, metrics::scrape));
        Agent agent = new Agent(config, ApiClient.connect(), metrics.registry(), version(), Clock.systemUTC());
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(() -> {
            endpoints.close();
            agent.close();
        }));
        health.watch(agent);
    }

    /** Of the jar. */
    private static String version() {
        return Optional.ofNullable(AgentMain.class.getPackage().getImplementationVersion())
                .orElse("unknown");
    }

    private static void configureLogs() {
        try (InputStream settings = AgentMain.class.getResourceAsStream("logging.properties")) {
            LogManager.getLogManager().readConfiguration(settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
