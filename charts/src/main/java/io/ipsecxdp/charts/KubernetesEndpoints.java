package io.ipsecxdp.charts;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;

/**
 * The EndpointSlice default/kubernetes, by which a cluster says where its API servers are. One that listens on loopback does
 * not announce itself (kubernetes, pkg/controlplane/reconcilers), so tests and demo do it in its place.
 */
public final class KubernetesEndpoints {

    private KubernetesEndpoints() {}

    /**
     * @param address at which nodes reach it
     * @param port of TCP
     */
    public static void announce(KubernetesClient client, String address, int port) {
        client.resource(new EndpointSliceBuilder()
                        .withNewMetadata()
                        .withName("kubernetes")
                        .withNamespace("default")
                        .addToLabels("kubernetes.io/service-name", "kubernetes")
                        .endMetadata()
                        .withAddressType("IPv4")
                        .addNewEndpoint()
                        .withAddresses(address)
                        .endEndpoint()
                        .addNewPort()
                        .withName("https")
                        .withProtocol("TCP")
                        .withPort(port)
                        .endPort()
                        .build())
                .forceConflicts()
                .serverSideApply();
    }
}
