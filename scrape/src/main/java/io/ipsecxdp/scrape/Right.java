package io.ipsecxdp.scrape;

import java.util.List;

/**
 * What somebody must be allowed to read something here: to get a URL that is no resource of the API server's.
 *
 * @param what it is, in the plural, for sentences
 * @param clusterRole which gives the right
 * @param audiences of tokens that are good here; if empty, those of the API server itself
 */
public record Right(String url, String what, String clusterRole, List<String> audiences) {

    public static final Right METRICS = new Right("/metrics", "metrics", "ipsec-xdp-metrics-reader", List.of());

    public Right {
        audiences = List.copyOf(audiences);
    }
}
