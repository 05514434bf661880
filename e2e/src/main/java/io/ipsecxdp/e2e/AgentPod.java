package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;

/** What the kubelet of a node does for the agent's pod: the pod is bound to the node, and a token to the pod. */
final class AgentPod {
    private static final String SERVICE_ACCOUNT = "ipsec-xdp-agent";

    /** Longer than any run. */
    private static final Duration VALID = Duration.ofDays(1);

    private AgentPod() {}

    /** A token as it is mounted into the pod. It says on which node the pod runs, which the API server looks up itself. */
    static String token(KubernetesClient admin, String node) {
        String name = SERVICE_ACCOUNT + "-" + node;
        var pods = admin.pods().inNamespace(ApiServer.NAMESPACE);
        var pod = pods.withName(name).get();
        if (pod == null) {
            pod = pods.resource(new PodBuilder()
                            .withNewMetadata()
                            .withName(name)
                            .endMetadata()
                            .withNewSpec()
                            .withNodeName(node)
                            .withServiceAccountName(SERVICE_ACCOUNT)
                            .addNewContainer()
                            .withName("agent")
                            .withImage("localhost/ipsec-xdp-agent")
                            .endContainer()
                            .endSpec()
                            .build())
                    .create();
        }
        return admin.serviceAccounts()
                .inNamespace(ApiServer.NAMESPACE)
                .withName(SERVICE_ACCOUNT)
                .tokenRequest(new TokenRequestBuilder()
                        .withNewSpec()
                        .withExpirationSeconds(VALID.toSeconds())
                        .withNewBoundObjectRef()
                        .withApiVersion("v1")
                        .withKind("Pod")
                        .withName(name)
                        .withUid(pod.getMetadata().getUid())
                        .endBoundObjectRef()
                        .endSpec()
                        .build())
                .getStatus()
                .getToken();
    }
}
