package io.ipsecxdp.operator.write;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.operator.compile.ObjectKey;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.net.HttpURLConnection;
import java.util.Set;

/** Writes the status of what a user declared, by server-side apply. */
final class DeclaredStatusWriter {
    private static final Set<Integer> OBJECT_IS_GONE =
            Set.of(HttpURLConnection.HTTP_NOT_FOUND, HttpURLConnection.HTTP_CONFLICT);

    private DeclaredStatusWriter() {}

    /** An object that was deleted meanwhile, or is another one of that name now, needs none. */
    static void write(ObjectKey key, String uid, DeclaredStatus status, Context<Namespace> context) {
        try {
            context.resourceOperations().serverSideApplyStatus(withStatus(key, uid, status));
        } catch (KubernetesClientException e) {
            if (!OBJECT_IS_GONE.contains(e.getCode())) {
                throw e;
            }
        }
    }

    /** The uid makes the API server refuse what is meant for another object of this name. */
    private static CustomResource<?, ?> withStatus(ObjectKey key, String uid, DeclaredStatus status) {
        var object = key.kind().withStatus(status);
        object.setMetadata(
                new ObjectMetaBuilder().withName(key.name()).withUid(uid).build());
        return object;
    }
}
