package io.ipsecxdp.operator.compile;

import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.crds.TunnelPeer;
import io.ipsecxdp.crds.TunnelSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The nodes that a tunnel's selectors select.
 *
 * @param nodes by name, with the end that each is of
 * @param findings why they make no tunnel
 */
record TunnelSelection(SortedMap<String, Integer> nodes, List<Finding> findings) {

    static TunnelSelection of(TunnelSpec spec, ClusterNodes cluster) {
        var nodes = new TreeMap<String, Integer>();
        var findings = new ArrayList<Finding>();
        select(spec, cluster, nodes, findings);
        return new TunnelSelection(nodes, findings);
    }

    private static void select(
            TunnelSpec spec, ClusterNodes cluster, SortedMap<String, Integer> nodes, List<Finding> findings) {
        var twice = new TreeSet<String>();
        for (int i = 0; i < spec.ends().size(); i++) {
            int end = spec.ends().size() < 2 ? TunnelPeer.MESH : i + 1;
            int selected = 0;
            for (var node : cluster.nodes()) {
                if (NodeSelector.selects(spec.ends().get(i).nodeSelector(), node.labels())) {
                    selected++;
                    if (nodes.putIfAbsent(node.name(), end) != null) {
                        twice.add(node.name());
                    }
                }
            }
            if (selected == 0) {
                findings.add(Finding.of(
                        Reason.NoNodeSelected,
                        "no node has the labels that spec.ends[%d].nodeSelector asks for (kubectl get nodes --show-labels)"
                                .formatted(i)));
            }
        }
        if (!twice.isEmpty()) {
            findings.add(Finding.of(
                    Reason.EndsOverlap,
                    "both of spec.ends select node %s%s: select each node at one end, or write one end alone for a tunnel of each node with each other one"
                            .formatted(
                                    twice.first(),
                                    twice.size() == 1 ? "" : " and %d more".formatted(twice.size() - 1))));
        } else if (spec.ends().size() == 1 && nodes.size() == 1) {
            findings.add(Finding.of(
                    Reason.NoPeerSelected,
                    "spec.ends[0].nodeSelector selects node %s alone, and a tunnel is between two: select more nodes, or write a second end"
                            .formatted(nodes.firstKey())));
        }
    }
}
