package io.ipsecxdp.scrape;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.StreamSupport;
import org.jboss.logging.Logger;

/**
 * Asks the API server who a token stands for (TokenReview), and whether they have a right (SubjectAccessReview). In plain
 * JSON: the classes of both kinds come with those of all of RBAC, which an agent would load at its start.
 */
final class AccessReviews {

    private static final Logger LOG = Logger.getLogger(AccessReviews.class);
    private static final String TOKENS = "authentication.k8s.io/v1";
    private static final String ACCESS = "authorization.k8s.io/v1";

    private final KubernetesClient client;
    private final Right right;
    private final AtomicReference<String> complaint = new AtomicReference<>("");

    AccessReviews(KubernetesClient client, Right right) {
        this.client = client;
        this.right = right;
    }

    /** Waits for the API server. */
    Access ask(String token) {
        try {
            return whoseIs(token).map(this::mayRead).orElse(Access.UNKNOWN);
        } catch (RuntimeException | LinkageError e) {
            complain(e.toString());
            return Access.UNDECIDED;
        }
    }

    /** Once for each cause, as whoever reaches the port can bring it about again and again. */
    private void complain(String why) {
        if (!why.equals(complaint.getAndSet(why))) {
            LOG.warnf("nobody new can read %s: %s", right.what(), why);
        }
    }

    private Optional<JsonNode> whoseIs(String token) {
        JsonNode status =
                review(TOKENS, "TokenReview", "tokenreviews", Map.of("token", token, "audiences", right.audiences()));
        return status.path("authenticated").asBoolean(false) && isFor(status.path("audiences"))
                ? Optional.of(status.path("user"))
                : Optional.empty();
    }

    /** An API server that knows nothing of audiences lets every token pass, and names none. */
    private boolean isFor(JsonNode audiences) {
        return right.audiences().isEmpty()
                || StreamSupport.stream(audiences.spliterator(), false)
                        .map(JsonNode::asText)
                        .anyMatch(right.audiences()::contains);
    }

    private Access mayRead(JsonNode user) {
        // What a TokenReview says of somebody has the names that a SubjectAccessReview takes, but for that of the user
        Map<String, Object> spec = Map.of(
                "user", user.path("username"),
                "uid", user.path("uid").asText(),
                "groups", user.withArray("/groups"),
                "extra", user.withObject("/extra"),
                "nonResourceAttributes", Map.of("path", right.url(), "verb", "get"));
        JsonNode status = review(ACCESS, "SubjectAccessReview", "subjectaccessreviews", spec);
        return status.path("allowed").asBoolean(false) ? Access.ALLOWED : Access.FORBIDDEN;
    }

    /** Its status. */
    private JsonNode review(String version, String kind, String plural, Map<String, ?> spec) {
        String answer = client.raw(
                "/apis/%s/%s".formatted(version, plural),
                "POST",
                Map.of("apiVersion", version, "kind", kind, "spec", spec));
        if (answer == null) {
            throw new KubernetesClientException("the API server does not know the kind " + kind);
        }
        return client.getKubernetesSerialization()
                .unmarshal(answer, JsonNode.class)
                .path("status");
    }
}
