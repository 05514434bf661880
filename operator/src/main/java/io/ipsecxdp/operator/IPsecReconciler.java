package io.ipsecxdp.operator;

import io.fabric8.kubernetes.api.model.Namespace;
import io.ipsecxdp.operator.compile.Compiler;
import io.ipsecxdp.operator.rollup.RollUp;
import io.ipsecxdp.operator.watch.Deletions;
import io.ipsecxdp.operator.watch.Heartbeats;
import io.ipsecxdp.operator.watch.InformerView;
import io.ipsecxdp.operator.watch.ServerVersions;
import io.ipsecxdp.operator.watch.Sources;
import io.ipsecxdp.operator.write.ConflictPause;
import io.ipsecxdp.operator.write.IncompleteWriteException;
import io.ipsecxdp.operator.write.Leadership;
import io.ipsecxdp.operator.write.NodeEvents;
import io.ipsecxdp.operator.write.PeersWriter;
import io.ipsecxdp.operator.write.PlanWriter;
import io.ipsecxdp.operator.write.StartupTaint;
import io.ipsecxdp.operator.write.StatusReporter;
import io.ipsecxdp.operator.write.Writes;
import io.ipsecxdp.operator.write.Writes.Write;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The whole operator as one level-triggered reconcile of the release's Namespace: whatever happened, all that is known
 * is compiled, written where it differs, and rolled up. JOSDK gives what that needs: informers that are all in sync
 * before the first reconcile, one reconcile at a time, bursts of events as one, retries, and leader election.
 */
@ControllerConfiguration(
        name = IPsecReconciler.NAME,
        fieldManager = "ipsec-xdp-operator",
        maxReconciliationInterval = @MaxReconciliationInterval(interval = 5, timeUnit = TimeUnit.MINUTES))
@GradualRetry(maxAttempts = Integer.MAX_VALUE, initialInterval = 500, intervalMultiplier = 2, maxInterval = 30_000)
public class IPsecReconciler implements Reconciler<Namespace> {
    static final String NAME = "ipsec";

    private static final Logger LOG = Logger.getLogger(IPsecReconciler.class);

    private final OperatorConfig config;
    private final Sources sources;
    private final Heartbeats heartbeats;
    private final Deletions deletions;
    private final PlanWriter plans;
    private final PeersWriter peers;
    private final StatusReporter reporter;
    private final NodeEvents news;
    private final StartupTaint taint;
    private final Writes writes;
    private final Leadership leadership;
    private final ServerVersions versions;
    private final OperatorMetrics metrics;
    private final Clock clock;

    /** One reconcile runs at a time. */
    private volatile ConflictPause pause = ConflictPause.FIRST;

    public IPsecReconciler(
            OperatorConfig config,
            Sources sources,
            Heartbeats heartbeats,
            Deletions deletions,
            PlanWriter plans,
            PeersWriter peers,
            StatusReporter reporter,
            NodeEvents news,
            StartupTaint taint,
            Writes writes,
            Leadership leadership,
            ServerVersions versions,
            OperatorMetrics metrics,
            Clock clock) {
        this.config = config;
        this.sources = sources;
        this.heartbeats = heartbeats;
        this.deletions = deletions;
        this.plans = plans;
        this.peers = peers;
        this.reporter = reporter;
        this.news = news;
        this.taint = taint;
        this.writes = writes;
        this.leadership = leadership;
        this.versions = versions;
        this.metrics = metrics;
        this.clock = clock;
    }

    @Override
    public List<EventSource<?, Namespace>> prepareEventSources(EventSourceContext<Namespace> context) {
        if (context.getClient()
                .namespaces()
                .withField("metadata.name", config.namespace())
                .list()
                .getItems()
                .isEmpty()) {
            LOG.warnf("there is no namespace %s: nothing is done until there is one", config.namespace());
        }
        return sources.of(context);
    }

    @Override
    public UpdateControl<Namespace> reconcile(Namespace release, Context<Namespace> context) {
        var now = clock.instant();
        var informed = InformerView.by(context, heartbeats, deletions, now);
        var snapshot = informed.snapshot();
        var compilation = Compiler.compile(snapshot);
        var orders = new ArrayList<>(plans.writes(compilation, snapshot.slices(), informed.plans(), context));
        orders.addAll(peers.writes(compilation.members(), informed.peers(), context));
        if (!orders.isEmpty() && !leadership.isHeld()) {
            LOG.warn("another operator leads: nothing is ordered");
            return UpdateControl.noUpdate();
        }
        var failures = new ArrayList<>(run(orders));
        var statuses = RollUp.rollUp(snapshot, compilation, informed.statuses());
        failures.addAll(run(reporter.writes(snapshot, statuses, informed.statuses(), context)));
        failures.addAll(run(news.writes(informed.health(), now)));
        if (orders.isEmpty()) {
            failures.addAll(run(taint.writes(
                    informed.nodes(),
                    informed.ipsecNodes(),
                    informed.plans().values(),
                    snapshot.aliveAgents(),
                    context)));
        }
        metrics.record(statuses);
        metrics.reconciled(Duration.between(now, clock.instant()));
        if (!failures.isEmpty() && failures.stream().allMatch(Writes.Failure::outdated)) {
            if (pause.isLongest()) {
                versions.suspect();
            }
            var length = pause.length(ThreadLocalRandom.current().nextDouble());
            pause = pause.next();
            return UpdateControl.<Namespace>noUpdate().rescheduleAfter(length);
        }
        if (!failures.isEmpty()) {
            metrics.failedWrites(failures.size());
            throw new IncompleteWriteException(failures);
        }
        pause = ConflictPause.FIRST;
        return whenSomethingIsOver(informed, now);
    }

    private List<Writes.Failure> run(List<Write> due) {
        if (!due.isEmpty()) {
            LOG.infof(
                    "writing %s%s", due.getFirst().what(), due.size() == 1 ? "" : " and " + (due.size() - 1) + " more");
        }
        return writes.run(due);
    }

    /** An agent may be silent by then, or what was deleted a moment ago be deleted for good. */
    private static UpdateControl<Namespace> whenSomethingIsOver(InformerView informed, Instant now) {
        var control = UpdateControl.<Namespace>noUpdate();
        return informed.nextExpiry()
                .map(expiry ->
                        control.rescheduleAfter(Duration.between(now, expiry).plusMillis(1)))
                .orElse(control);
    }
}
