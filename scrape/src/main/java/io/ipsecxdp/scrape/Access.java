package io.ipsecxdp.scrape;

/** What becomes of a request, with its HTTP status. */
public enum Access {
    ALLOWED(200, "ok"),
    UNKNOWN(401, "Send the token of a ServiceAccount: Authorization: Bearer TOKEN."),
    FORBIDDEN(403, "This takes the right to get the URL %1$s: bind the ClusterRole %2$s."),
    UNDECIDED(503, "The API server, which decides who may read %3$s, does not answer; try again.");

    private final int status;
    private final String words;

    Access(int status, String words) {
        this.status = status;
        this.words = words;
    }

    public int status() {
        return status;
    }

    /** For whoever asked. */
    public String words(Right right) {
        return words.formatted(right.url(), right.clusterRole(), right.what());
    }
}
