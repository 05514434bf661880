package io.ipsecxdp.crds;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/**
 * What one node says to the other nodes of its tunnels: the public halves of its keys, and how far it has come with theirs. It
 * has the node's name, is written by that node's agent alone, and all of it is a spec: an object that one writer owns as a whole
 * needs no second write for a status.
 */
@Group(Api.GROUP)
@Version(Api.VERSION)
@ShortNames("ipshare")
@Categories(Api.CATEGORY)
@AdditionalPrinterColumn(name = "Newest", jsonPath = ".spec.generations[-1:].created")
@AdditionalPrinterColumn(name = "Followed", jsonPath = ".spec.followed")
@AdditionalPrinterColumn(
        name = "Age",
        jsonPath = ".metadata.creationTimestamp",
        type = AdditionalPrinterColumn.Type.DATE)
public class KeyShare extends CustomResource<KeyShareSpec, Void> {}
