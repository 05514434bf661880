package io.ipsecxdp.crds;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** A node as its agent sees it. The cluster-wide view is {@code kubectl get ipnode}. */
@Group(Api.GROUP)
@Version(Api.VERSION)
@Kind("IPsecNode")
@ShortNames("ipnode")
@Categories(Api.CATEGORY)
@AdditionalPrinterColumn(name = "Ready", jsonPath = ".status.conditions[?(@.type==\"Ready\")].status")
@AdditionalPrinterColumn(name = "SAs", jsonPath = ".status.securityAssociations")
@AdditionalPrinterColumn(name = "Steering", jsonPath = ".status.steering")
@AdditionalPrinterColumn(
        name = "ESP-Packets",
        jsonPath = ".status.espPackets",
        type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
        name = "Owner-%",
        jsonPath = ".status.ownerPercent",
        type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
        name = "Dropped",
        jsonPath = ".status.droppedPackets",
        type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(name = "Imbalance", jsonPath = ".status.imbalance")
@AdditionalPrinterColumn(name = "CPUs", jsonPath = ".status.cpus")
@AdditionalPrinterColumn(name = "Kernel", jsonPath = ".status.kernel")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(
        name = "Encrypted",
        jsonPath = ".status.saTraffic.encryptedPackets",
        type = AdditionalPrinterColumn.Type.INTEGER,
        priority = 1)
@AdditionalPrinterColumn(
        name = "Decrypted",
        jsonPath = ".status.saTraffic.decryptedPackets",
        type = AdditionalPrinterColumn.Type.INTEGER,
        priority = 1)
@AdditionalPrinterColumn(name = "Kfunc", jsonPath = ".status.capabilities.xfrmKfunc", priority = 1)
@AdditionalPrinterColumn(name = "Per-CPU-SA", jsonPath = ".status.capabilities.perCpuSa", priority = 1)
@AdditionalPrinterColumn(name = "Message", jsonPath = ".status.conditions[?(@.type==\"Ready\")].message", priority = 1)
public class IPsecNode extends CustomResource<Void, IPsecNodeStatus> {}
