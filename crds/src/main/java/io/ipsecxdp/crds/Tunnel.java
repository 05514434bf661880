package io.ipsecxdp.crds;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** Protection of what flows between nodes, with keys that the nodes agree between themselves. */
@Group(Api.GROUP)
@Version(Api.VERSION)
@ShortNames("iptun")
@Categories(Api.CATEGORY)
@AdditionalPrinterColumn(name = "Nodes", jsonPath = ".status.desiredNodes", type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(name = "Pairs", jsonPath = ".status.pairs")
@AdditionalPrinterColumn(name = "Oldest-Key", jsonPath = ".status.oldestKey", type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(name = "MTU", jsonPath = ".status.mtu", type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(name = "Ready", jsonPath = ".status.conditions[?(@.type==\"Ready\")].status")
@AdditionalPrinterColumn(name = "Reason", jsonPath = ".status.conditions[?(@.type==\"Ready\")].reason")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(name = "Algorithm", jsonPath = ".spec.encryption.algorithm", priority = 1)
@AdditionalPrinterColumn(name = "Message", jsonPath = ".status.conditions[?(@.type==\"Ready\")].message", priority = 1)
public class Tunnel extends CustomResource<TunnelSpec, TunnelStatus> {}
