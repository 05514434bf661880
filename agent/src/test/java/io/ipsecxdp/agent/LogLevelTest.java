package io.ipsecxdp.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class LogLevelTest {

    /** Quarkus reads it at the build: a level below it cannot be had at run time, by no variable of the environment. */
    @Test
    void noConfigurationCanHaveTheBodiesOfSecretsLogged() throws IOException {
        Properties built = new Properties();
        try (InputStream in = AgentMain.class.getResourceAsStream("/application.properties")) {
            built.load(in);
        }

        assertThat(built).containsEntry("quarkus.log.min-level", "DEBUG");
        assertThat(built.stringPropertyNames())
                .filteredOn(name -> name.startsWith("quarkus.log.category.") && name.endsWith(".min-level"))
                .isEmpty();
    }
}
