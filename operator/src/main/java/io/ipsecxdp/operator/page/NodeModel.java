package io.ipsecxdp.operator.page;

import static java.util.stream.Collectors.toMap;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.ipsecxdp.crds.Acquire;
import io.ipsecxdp.crds.Condition;
import io.ipsecxdp.crds.EntryState;
import io.ipsecxdp.crds.IPsecNode;
import io.ipsecxdp.crds.IPsecNodeStatus;
import io.ipsecxdp.crds.NodePlan;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.PlannedSa;
import io.ipsecxdp.crds.SaDirection;
import io.ipsecxdp.crds.SaReport;
import io.ipsecxdp.crds.SteeredTraffic;
import io.ipsecxdp.crds.TunnelReport;
import io.ipsecxdp.crds.UnknownSpi;
import io.ipsecxdp.crds.XdpMode;
import io.ipsecxdp.crds.XfrmErrorCount;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A node in detail: what {@code kubectl ipsec explain} says, and its SAs. Those of a Tunnel are known to its nodes alone.
 *
 * @param moreSas how many SAs there are besides those that are listed, which are those that are not in force first
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record NodeModel(
        String name,
        Optional<String> kernel,
        Optional<String> agent,
        Optional<String> cpus,
        List<Condition> conditions,
        List<Lack> lacks,
        List<Interface> interfaces,
        List<SaLine> sas,
        int moreSas,
        List<TunnelReport> tunnels,
        List<Failing> notInForce,
        List<XfrmErrorCount> refused,
        List<UnknownSpi> unknownSpis,
        List<Acquire> acquires) {

    static final int MOST_SAS = 1_000;
    private static final int MOST_INTERFACES = 64;

    private static final String UNREPORTED = "the agent has not reported it yet";

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record Interface(
            String name, Optional<XdpMode> steering, List<String> addresses, Optional<SteeredTraffic> traffic) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record SaLine(
            String name,
            Optional<String> child,
            SaDirection direction,
            long spi,
            String source,
            String destination,
            Optional<Integer> cpu,
            Optional<String> peer,
            EntryState state,
            String reason,
            String message) {}

    /** What is not in force on the node; an object lists up to ten nodes. */
    record Failing(String kind, String name, String reason, String message) {}

    private record Entry(String uid, Long generation, Optional<String> child) {}

    /** Empty if nothing is known of a node of this name. */
    static Optional<NodeModel> of(PageInput input, String name) {
        Optional<IPsecNode> found = input.nodes().stream()
                .filter(node -> node.getMetadata().getName().equals(name))
                .findFirst();
        List<NodePlan> plans = input.plans().stream()
                .filter(plan -> plan.getSpec().node().equals(name))
                .sorted(Comparator.comparing(plan -> plan.getMetadata().getName()))
                .toList();
        return found.isEmpty() && plans.isEmpty()
                ? Optional.empty()
                : Optional.of(of(input, name, found.map(IPsecNode::getStatus), plans));
    }

    private static NodeModel of(PageInput input, String name, Optional<IPsecNodeStatus> status, List<NodePlan> plans) {
        List<SaLine> sas = sas(plans);
        return new NodeModel(
                name,
                status.map(IPsecNodeStatus::kernel),
                status.map(IPsecNodeStatus::agent),
                status.map(IPsecNodeStatus::cpus),
                status.map(IPsecNodeStatus::conditions).orElse(List.of()),
                status.map(IPsecNodeStatus::capabilities).map(Lack::of).orElse(List.of()),
                status.map(NodeModel::interfaces).orElse(List.of()),
                PageModel.first(sas, MOST_SAS),
                PageModel.more(sas, MOST_SAS),
                statuses(plans).flatMap(plan -> plan.tunnels().stream()).toList(),
                failing(input, name),
                status.map(IPsecNodeStatus::xfrmErrors).orElse(List.of()),
                status.map(IPsecNodeStatus::unknownSPIs).orElse(List.of()),
                status.map(IPsecNodeStatus::acquires).orElse(List.of()));
    }

    private static List<SaLine> sas(List<NodePlan> plans) {
        Map<Entry, SaReport> reports = statuses(plans)
                .flatMap(plan -> plan.securityAssociations().stream())
                .collect(toMap(
                        report -> new Entry(report.uid(), report.generation(), report.childName()),
                        report -> report,
                        (one, other) -> one));
        return plans.stream()
                .flatMap(plan -> plan.getSpec().securityAssociations().stream())
                .map(sa -> line(
                        sa, Optional.ofNullable(reports.get(new Entry(sa.uid(), sa.generation(), sa.childName())))))
                .sorted(Comparator.comparing((SaLine sa) -> sa.state() == EntryState.Installed)
                        .thenComparing(SaLine::name)
                        .thenComparing(sa -> sa.child().orElse("")))
                .toList();
    }

    private static SaLine line(PlannedSa sa, Optional<SaReport> report) {
        return new SaLine(
                sa.name(),
                sa.childName(),
                sa.direction(),
                sa.spi(),
                sa.source(),
                sa.destination(),
                sa.ownerCpu(),
                sa.otherNode(),
                report.map(SaReport::state).orElse(EntryState.Pending),
                report.map(SaReport::reason).orElse("Installing"),
                report.map(SaReport::message).orElse(UNREPORTED));
    }

    private static Stream<NodePlanStatus> statuses(List<NodePlan> plans) {
        return plans.stream().flatMap(plan -> Optional.ofNullable(plan.getStatus()).stream());
    }

    /** Those that are steered first. */
    private static List<Interface> interfaces(IPsecNodeStatus status) {
        Map<String, SteeredTraffic> traffic = status.steeredTraffic().stream()
                .collect(toMap(SteeredTraffic::interfaceName, one -> one, (one, other) -> one));
        return status.interfaces().stream()
                .sorted(Comparator.comparing(one -> one.steering() == null))
                .limit(MOST_INTERFACES)
                .map(one -> new Interface(
                        one.name(),
                        Optional.ofNullable(one.steering()),
                        one.addresses(),
                        Optional.ofNullable(traffic.get(one.name()))))
                .toList();
    }

    private static List<Failing> failing(PageInput input, String name) {
        return input.declared().stream()
                .filter(object -> object.getStatus() != null)
                .flatMap(object -> object.getStatus().failingNodes().stream()
                        .filter(node -> node.node().equals(name))
                        .map(node -> new Failing(
                                object.getKind(), object.getMetadata().getName(), node.reason(), node.message())))
                .sorted(Comparator.comparing(Failing::kind).thenComparing(Failing::name))
                .limit(PageModel.MOST_PROBLEMS)
                .toList();
    }
}
