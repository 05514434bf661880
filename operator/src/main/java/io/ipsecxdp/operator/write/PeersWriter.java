package io.ipsecxdp.operator.write;

import static java.util.stream.Collectors.groupingBy;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.TunnelPeers;
import io.ipsecxdp.operator.compile.PeersSlice;
import io.ipsecxdp.operator.compile.TunnelMembers;
import io.ipsecxdp.operator.write.Writes.Write;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Writes TunnelPeers by server-side apply, those that differ from what is there, each over the very version that compile saw.
 * Those of one tunnel are written one after the other, and not beyond one that fails: an agent takes it that it has seen all
 * revisions up to the highest.
 */
@ApplicationScoped
public class PeersWriter {

    public List<Write> writes(TunnelMembers members, Map<String, TunnelPeers> present, Context<Namespace> context) {
        var writes = new ArrayList<Write>();
        members.slices().stream()
                .filter(slice -> !isThere(slice, Optional.ofNullable(present.get(slice.name()))))
                .collect(groupingBy(slice -> slice.spec().uid(), LinkedHashMap::new, Collectors.toList()))
                .values()
                .forEach(slices -> writes.add(new Write(
                        "peers " + slices.getFirst().name(),
                        () -> slices.forEach(slice -> context.resourceOperations()
                                .serverSideApply(peers(slice, Optional.ofNullable(present.get(slice.name()))))))));
        for (String name : members.abandoned()) {
            writes.add(new Write(
                    "deletion of peers " + name,
                    () -> context.getClient()
                            .resources(TunnelPeers.class)
                            .withName(name)
                            .delete()));
        }
        return writes;
    }

    private static boolean isThere(PeersSlice slice, Optional<TunnelPeers> present) {
        return present.filter(peers -> slice.spec().equals(peers.getSpec())
                        && label(slice)
                                .equals(Optional.ofNullable(peers.getMetadata().getLabels())
                                        .map(labels -> labels.get(Api.TUNNEL_LABEL))
                                        .orElse("")))
                .isPresent();
    }

    private static String label(PeersSlice slice) {
        return Api.nodeLabel(slice.spec().tunnel());
    }

    /** No owner: when the Tunnel is deleted, its nodes let go of one another first. */
    private static TunnelPeers peers(PeersSlice slice, Optional<TunnelPeers> seen) {
        var metadata = new ObjectMetaBuilder().withName(slice.name()).addToLabels(Api.TUNNEL_LABEL, label(slice));
        seen.ifPresent(peers -> metadata.withResourceVersion(peers.getMetadata().getResourceVersion()));
        var peers = new TunnelPeers();
        peers.setMetadata(metadata.build());
        peers.setSpec(slice.spec());
        return peers;
    }
}
