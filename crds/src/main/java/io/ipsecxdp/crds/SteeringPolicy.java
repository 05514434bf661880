package io.ipsecxdp.crds;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** Steering of received ESP to the CPUs that own the SAs. */
@Group(Api.GROUP)
@Version(Api.VERSION)
@Plural("steeringpolicies")
@ShortNames("steer")
@Categories(Api.CATEGORY)
@AdditionalPrinterColumn(name = "Interfaces", jsonPath = ".spec.interfaces")
@AdditionalPrinterColumn(name = "CPUs", jsonPath = ".spec.cpus")
@AdditionalPrinterColumn(name = "Nodes", jsonPath = ".status.desiredNodes", type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
        name = "Steering",
        jsonPath = ".status.readyNodes",
        type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(name = "Ready", jsonPath = ".status.conditions[?(@.type==\"Ready\")].status")
@AdditionalPrinterColumn(name = "Reason", jsonPath = ".status.conditions[?(@.type==\"Ready\")].reason")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
@AdditionalPrinterColumn(name = "Mode", jsonPath = ".spec.mode", priority = 1)
@AdditionalPrinterColumn(
        name = "Queue",
        jsonPath = ".spec.queueSize",
        type = AdditionalPrinterColumn.Type.INTEGER,
        priority = 1)
@AdditionalPrinterColumn(name = "Message", jsonPath = ".status.conditions[?(@.type==\"Ready\")].message", priority = 1)
public class SteeringPolicy extends CustomResource<SteeringPolicySpec, SteeringStatus> {}
