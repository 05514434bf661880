package io.ipsecxdp.operator.write;

import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.ipsecxdp.crds.Api;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jboss.logging.Logger;

/** Tells of a change of an object's conditions by an Event. */
@ApplicationScoped
public class Announcer {
    private static final Logger LOG = Logger.getLogger(Announcer.class);

    /** Events of cluster-scoped objects must be there (kubernetes, pkg/apis/core/validation/events.go). */
    private static final String NAMESPACE = "default";

    private static final String CONTROLLER = "ipsec-xdp.io/operator";
    private static final int MAX_NOTE_LENGTH = 1024;
    private static final int MAX_NAME_LENGTH = 253;
    private static final DateTimeFormatter MICRO_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /**
     * What there is to tell.
     *
     * @param warning whether a person has to do something
     */
    record News(String reason, String message, boolean warning) {}

    private final KubernetesClient client;

    public Announcer(KubernetesClient client) {
        this.client = client;
    }

    /** An Event is for people and may be lost: a failure is logged and no more. */
    void announce(String kind, String name, String uid, News news, Instant now) {
        try {
            client.resource(event(kind, name, uid, news, now))
                    .inNamespace(NAMESPACE)
                    .create();
        } catch (KubernetesClientException e) {
            LOG.warnf("no Event about %s %s: %s", kind, name, e.getMessage());
        }
    }

    private static Event event(String kind, String name, String uid, News news, Instant now) {
        String suffix = ".%x.%x".formatted(now.toEpochMilli(), uid.hashCode());
        return new EventBuilder()
                .withNewMetadata()
                .withName(cut(name, MAX_NAME_LENGTH - suffix.length()) + suffix)
                .withNamespace(NAMESPACE)
                .endMetadata()
                .withEventTime(new MicroTime(MICRO_TIME.format(now)))
                .withReportingController(CONTROLLER)
                .withReportingInstance(CONTROLLER)
                .withAction("Reconcile")
                .withType(news.warning() ? "Warning" : "Normal")
                .withReason(news.reason())
                .withNote(cut(news.message(), MAX_NOTE_LENGTH))
                .withRegarding(new ObjectReferenceBuilder()
                        .withApiVersion(Api.GROUP + "/" + Api.VERSION)
                        .withKind(kind)
                        .withName(name)
                        .withUid(uid)
                        .build())
                .build();
    }

    private static String cut(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length);
    }
}
