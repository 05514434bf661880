package io.ipsecxdp.scrape;

/** What becomes of a request, with its HTTP status. */
enum Access {
    ALLOWED(200, "ok"),
    UNKNOWN(401, "Send the token of a ServiceAccount: Authorization: Bearer TOKEN."),
    FORBIDDEN(403, "This takes the right to get the URL /metrics: bind the ClusterRole ipsec-xdp-metrics-reader."),
    UNDECIDED(503, "The API server, which decides who may read metrics, does not answer; try again.");

    private final int status;
    private final String words;

    Access(int status, String words) {
        this.status = status;
        this.words = words;
    }

    int status() {
        return status;
    }

    /** For whoever asked. */
    String words() {
        return words;
    }
}
