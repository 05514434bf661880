package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import java.util.Optional;

/** What a tunnel protects: one of three. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
        value = "[has(self.pods), has(self.overlay), has(self.selectors)].filter(given, given).size() == 1",
        message =
                "traffic needs exactly one of pods, overlay and selectors: take pods: {} where the CNI routes, overlay where it "
                        + "encapsulates (VXLAN, Geneve, IPIP)")
public record TunnelTraffic(
        @JsonPropertyDescription(
                "What goes between the pod CIDRs of the nodes (spec.podCIDRs of the Node), both families, in mode Tunnel. For "
                        + "a CNI that routes pods' packets between the nodes.")
        PodTraffic pods,

        @JsonPropertyDescription(
                "The packets in which a CNI carries the pods' from node to node, in mode Transport between the nodes' "
                        + "addresses.")
        OverlayTraffic overlay,

        @JsonPropertyDescription("Pairs of prefixes, in mode Tunnel, for networks behind gateways.")
        @Size(min = 1, max = 16)
        List<TrafficSelector> selectors) {

    public TunnelTraffic {
        selectors = selectors == null ? null : List.copyOf(selectors);
    }

    public static TunnelTraffic ofPods() {
        return new TunnelTraffic(new PodTraffic(), null, null);
    }

    public Optional<OverlayTraffic> encapsulated() {
        return Optional.ofNullable(overlay);
    }

    public boolean protectsPods() {
        return pods != null;
    }

    /** Empty if the traffic is another one. */
    public List<TrafficSelector> selected() {
        return selectors == null ? List.of() : selectors;
    }

    /** The mode of the SAs. */
    public SaMode mode() {
        return overlay == null ? SaMode.Tunnel : SaMode.Transport;
    }
}
