package io.ipsecxdp.agent;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.agent.kernel.Events;
import io.ipsecxdp.agent.kernel.KernelReconciler;
import io.ipsecxdp.agent.kernel.KernelThread;
import io.ipsecxdp.agent.kernel.NotificationListener;
import io.ipsecxdp.agent.ledger.PoliciesInForce;
import io.ipsecxdp.agent.ledger.StateException;
import io.ipsecxdp.agent.metrics.PerSaMetrics;
import io.ipsecxdp.agent.metrics.SaMetrics;
import io.ipsecxdp.agent.metrics.SteeringMetrics;
import io.ipsecxdp.agent.metrics.XfrmMetrics;
import io.ipsecxdp.agent.node.ApiServerEndpoints;
import io.ipsecxdp.agent.node.NodeProbe;
import io.ipsecxdp.agent.node.PlanInformer;
import io.ipsecxdp.agent.node.XfrmStat;
import io.ipsecxdp.agent.peers.ApiServerLink;
import io.ipsecxdp.agent.peers.KernelWays;
import io.ipsecxdp.agent.plan.BootPolicies;
import io.ipsecxdp.agent.plan.KeySource;
import io.ipsecxdp.agent.report.AgentStatusWriter;
import io.ipsecxdp.agent.report.AgentStatusWriter.StatusUpdate;
import io.ipsecxdp.agent.report.LeaseKeeper;
import io.ipsecxdp.agent.report.NodeReporter;
import io.ipsecxdp.agent.report.SaFigures;
import io.ipsecxdp.agent.report.XfrmErrors;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.tunnel.NodeTunnels;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.XfrmException;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.Logger;

/** The running agent: its threads, and what they share. Closing it leaves the node as it is. */
final class Agent implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Agent.class);
    private static final long FACTS_SECONDS = 30;
    private static final long METRICS_SECONDS = 5;

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final KernelThread loop;
    private final PlanInformer plans;

    /**
     * @throws XfrmException if this process cannot talk to the kernel
     * @throws StateException if the state folder cannot be used
     */
    Agent(AgentConfig config, KubernetesClient client, MeterRegistry registry, String version, Clock clock) {
        try {
            String node = config.nodeName();
            AgentComponents bench = part(AgentComponents.open(config, clock));
            bench.complaints().forEach(LOG::warn);
            LOG.infof(
                    "agent %s of node %s, kernel %s, state in %s, pins in %s",
                    version, node, NodeProbe.kernel(), config.stateDir(), AgentComponents.pins(config));
            bench.xfrm().capabilities().missing().forEach(LOG::warn);
            bench.steeringLacks().forEach(LOG::warn);

            Events events = new Events();
            AtomicReference<Optional<StatusUpdate>> latest = new AtomicReference<>(Optional.empty());
            AgentStatusWriter status = part(new AgentStatusWriter(client, node, AgentStatusWriter.LOOK_AGAIN, clock));
            KeySecrets secrets = new KeySecrets(client, config.keysNamespace(), clock);
            ApiServerLink link = part(new ApiServerLink(client, node, secrets.presharedKeys(), events, clock));
            NodeTunnels tunnels = new NodeTunnels(node, bench.generations(), link, new KernelWays());
            KeyRing keys = new KeyRing(
                    source -> read(source, secrets, tunnels), events::keyArrived, bench.state()::fingerprint, clock);
            // Before the first dump, so that nothing happens unseen between the two
            part(NotificationListener.open(bench.xfrm(), events));
            NodeReporter.Identity identity = new NodeReporter.Identity(
                    NodeProbe.kernel(), bench.boot(), version, bench.lookup(), bench.steeringLacks());
            loop = part(new KernelThread(
                    events,
                    bench.xfrm(),
                    new KernelReconciler(bench.xfrm(), bench.state(), keys, clock),
                    bench.steerer(),
                    NodeProbe::onlineCpus,
                    new NodeReporter(
                            identity,
                            bench.xfrm(),
                            bench.state(),
                            bench.steerer(),
                            new XfrmErrors(XfrmStat::read, clock),
                            keys::clusterFingerprint),
                    tunnels,
                    bench.policyFile(),
                    news -> {
                        latest.set(Optional.of(news));
                        status.tell(news);
                    },
                    clock));
            Optional<PoliciesInForce> inForce = bench.policyFile().content();
            ApiServerEndpoints apiServer = new ApiServerEndpoints(
                    client, inForce.map(BootPolicies::apiServers).orElse(Set.of()));
            inForce.filter(known -> BootPolicies.areToBeHeld(known, bench.boot()))
                    .ifPresent(known -> {
                        LOG.infof(
                                "this node has booted: its %d policies are put in force again before a plan is known",
                                known.policies().size());
                        // Before anything waits for the API server
                        events.factsAre(NodeProbe.facts(apiServer.remembered()));
                    });
            loop.start();
            SaMetrics.register(
                    registry,
                    loop::refused,
                    () -> latest.get()
                            .map(news -> news.node().traffic().sas())
                            .orElseGet(() -> SaFigures.total(List.of())));

            ScheduledExecutorService facts = Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("facts").factory());
            part(facts::shutdownNow);
            PerSaMetrics perSa = new PerSaMetrics(registry, config.metrics().perSa());
            SteeringMetrics metrics = new SteeringMetrics(registry);
            XfrmMetrics errors = new XfrmMetrics(registry);
            facts.scheduleWithFixedDelay(
                    () -> {
                        metrics.show(bench.steerer().latest());
                        errors.show(XfrmStat.read());
                        latest.get().map(StatusUpdate::sas).ifPresent(perSa::show);
                    },
                    0,
                    METRICS_SECONDS,
                    TimeUnit.SECONDS);
            facts.scheduleWithFixedDelay(() -> lookAround(apiServer, events), 0, FACTS_SECONDS, TimeUnit.SECONDS);
            plans = part(new PlanInformer(client, node, events::plansAre));
            part(new LeaseKeeper(client, node, config.namespace(), loop::alive, clock));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    boolean alive() {
        return loop.alive();
    }

    private static CompletableFuture<KeySecrets.Answer> read(
            KeySource source, KeySecrets secrets, NodeTunnels tunnels) {
        return switch (source) {
            case KeySource.InSecret(var protection) -> secrets.read(protection);
            case KeySource.Derived derived ->
                // Younger than any damage to the ledger, with which generations are lost too
                CompletableFuture.completedFuture(tunnels.key(derived)
                        .<KeySecrets.Answer>map(
                                key -> new KeySecrets.Key(key, Optional.of(Instant.MAX), Optional.empty()))
                        .orElseGet(() -> new KeySecrets.NoKey(
                                Reason.KeyMissing, "The agent has lost what its key is derived of.")));
        };
    }

    boolean plansKnown() {
        return plans.known();
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                LOG.warn("A part of the agent did not end well", e);
            }
        }
    }

    private static void lookAround(ApiServerEndpoints apiServer, Events events) {
        try {
            events.factsAre(NodeProbe.facts(apiServer.look()));
        } catch (RuntimeException e) {
            LOG.warn("The facts of the node cannot be read", e);
        }
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.push(part);
        return part;
    }
}
