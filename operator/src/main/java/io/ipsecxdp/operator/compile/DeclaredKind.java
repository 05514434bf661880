package io.ipsecxdp.operator.compile;

import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.DeclaredStatus;
import io.ipsecxdp.crds.FlowStatus;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.NodePlanStatus;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityAssociationSpec;
import io.ipsecxdp.crds.SecurityAssociationStatus;
import io.ipsecxdp.crds.SecurityPolicy;
import io.ipsecxdp.crds.SecurityPolicySpec;
import io.ipsecxdp.crds.SteeringPolicy;
import io.ipsecxdp.crds.SteeringPolicySpec;
import io.ipsecxdp.crds.SteeringStatus;
import io.ipsecxdp.crds.Tunnel;
import io.ipsecxdp.crds.TunnelSpec;
import io.ipsecxdp.crds.TunnelStatus;
import java.util.List;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A kind of what users declare. Whatever is done for every kind is a loop over {@link #ALL}, so that a new kind is its
 * classes and a row here.
 *
 * @param <S> its spec
 * @param <T> its status
 */
public final class DeclaredKind<S, T extends DeclaredStatus> implements Comparable<DeclaredKind<?, ?>> {

    public static final DeclaredKind<SecurityAssociationSpec, SecurityAssociationStatus> SECURITY_ASSOCIATION =
            new DeclaredKind<>(
                    "SecurityAssociation",
                    SecurityAssociation.class,
                    SecurityAssociation::new,
                    SaCompiler::compile,
                    plan -> plan.securityAssociations().stream().map(Entry.Sa::new),
                    Report::ofSas,
                    StatusParts::sa);

    public static final DeclaredKind<SecurityPolicySpec, FlowStatus> SECURITY_POLICY = new DeclaredKind<>(
            "SecurityPolicy",
            SecurityPolicy.class,
            SecurityPolicy::new,
            PolicyCompiler::compile,
            plan -> plan.securityPolicies().stream().map(Entry.Policy::new),
            Report::ofPolicies,
            StatusParts::flow);

    public static final DeclaredKind<SteeringPolicySpec, SteeringStatus> STEERING_POLICY = new DeclaredKind<>(
            "SteeringPolicy",
            SteeringPolicy.class,
            SteeringPolicy::new,
            (input, policies) -> new Compiled(new SteeringCompiler(input).settle(policies), List.of()),
            plan -> plan.steering().stream().map(Entry.Steering::new),
            Report::ofSteering,
            StatusParts::steering);

    public static final DeclaredKind<TunnelSpec, TunnelStatus> TUNNEL = new DeclaredKind<>(
            "Tunnel",
            Tunnel.class,
            Tunnel::new,
            TunnelCompiler::compile,
            plan -> plan.tunnels().stream().map(Entry.OfTunnel::new),
            Report::ofTunnels,
            StatusParts::tunnel);

    public static final List<DeclaredKind<?, ?>> ALL =
            List.of(SECURITY_ASSOCIATION, SECURITY_POLICY, STEERING_POLICY, TUNNEL);

    /**
     * What the objects of a kind ask of the nodes, conflicts among them settled, as far as it may be planned now.
     *
     * @param lingering what objects that are gone still have
     * @param peers who is in which tunnel, if the kind is that of tunnels
     */
    record Compiled(SortedMap<ObjectKey, Arbiter.Settled> objects, List<Placed> lingering, TunnelMembers peers) {
        Compiled(SortedMap<ObjectKey, Arbiter.Settled> objects, List<Placed> lingering) {
            this(objects, lingering, TunnelMembers.NONE);
        }
    }

    /** Compiles the objects of a kind. */
    interface KindCompiler<S> {
        Compiled compile(CompilerInput input, List<Declared<S>> objects);
    }

    private final String name;
    private final Class<? extends CustomResource<S, T>> type;
    private final Supplier<? extends CustomResource<S, T>> blank;
    private final KindCompiler<S> compiler;
    private final Function<NodePlanSpec, Stream<? extends Entry>> entries;
    private final Function<NodePlanStatus, Stream<Report>> reports;
    private final Function<StatusParts, T> status;

    private DeclaredKind(
            String name,
            Class<? extends CustomResource<S, T>> type,
            Supplier<? extends CustomResource<S, T>> blank,
            KindCompiler<S> compiler,
            Function<NodePlanSpec, Stream<? extends Entry>> entries,
            Function<NodePlanStatus, Stream<Report>> reports,
            Function<StatusParts, T> status) {
        this.name = name;
        this.type = type;
        this.blank = blank;
        this.compiler = compiler;
        this.entries = entries;
        this.reports = reports;
        this.status = status;
    }

    public Class<? extends CustomResource<S, T>> type() {
        return type;
    }

    Compiled compile(CompilerInput input) {
        return compiler.compile(input, input.declared().of(this));
    }

    /** The entries of a plan that come from objects of this kind. */
    Stream<? extends Entry> entries(NodePlanSpec plan) {
        return entries.apply(plan);
    }

    /** What an agent says of those entries. */
    Stream<Report> reports(NodePlanStatus status) {
        return reports.apply(status);
    }

    public T status(StatusParts parts) {
        return status.apply(parts);
    }

    /**
     * An object of this kind with nothing but {@code status}.
     *
     * @throws ClassCastException if it is the status of another kind
     */
    @SuppressWarnings("unchecked")
    public CustomResource<S, T> withStatus(DeclaredStatus status) {
        var object = blank.get();
        object.setStatus((T) status);
        return object;
    }

    @Override
    public int compareTo(DeclaredKind<?, ?> other) {
        return name.compareTo(other.name);
    }

    /** The kind's name in the API. */
    @Override
    public String toString() {
        return name;
    }
}
