package io.ipsecxdp.crds;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;

/**
 * The nodes of a tunnel, or a slice of them, as an EndpointSlice has the endpoints of a Service. Written by the operator, read
 * by the agents of these nodes. There is no key in it.
 */
@Group(Api.GROUP)
@Version(Api.VERSION)
@Kind("TunnelPeers")
@Singular("tunnelpeers")
@Plural("tunnelpeers")
@ShortNames("ippeers")
@Categories(Api.CATEGORY)
@AdditionalPrinterColumn(name = "Tunnel", jsonPath = ".spec.tunnel")
@AdditionalPrinterColumn(name = "Nodes", jsonPath = ".spec.peers[*].node")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
public class TunnelPeers extends CustomResource<TunnelPeersSpec, Void> {}
