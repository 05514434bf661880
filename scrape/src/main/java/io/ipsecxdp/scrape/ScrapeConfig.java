package io.ipsecxdp.scrape;

import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.util.Optional;

/** Where metrics are served over TLS. */
public interface ScrapeConfig {

    /** The one address to listen at. Without it metrics are on the loopback only. */
    Optional<String> address();

    @WithDefault("9465")
    int port();

    /**
     * Folder with the certificate {@code tls.crt} and its key {@code tls.key}, as a Secret of type kubernetes.io/tls has them.
     * Without it the certificate is self-signed.
     */
    Optional<Path> certificate();
}
