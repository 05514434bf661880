package io.ipsecxdp.agent.peers;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.agent.node.Failures;
import io.ipsecxdp.agent.node.GuardedInformer;
import io.ipsecxdp.agent.secrets.PresharedKeys;
import io.ipsecxdp.agent.time.Backoff;
import io.ipsecxdp.agent.tunnel.Heard;
import io.ipsecxdp.agent.tunnel.PeerLink;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.KeyShare;
import io.ipsecxdp.crds.KeyShareSpec;
import io.ipsecxdp.crds.TunnelPeers;
import io.ipsecxdp.crds.TunnelPeersSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** What nodes say to one another goes by the API server: this agent's KeyShare there, TunnelPeers and all KeyShares back. */
public final class ApiServerLink implements PeerLink, AutoCloseable {

    private static final Logger LOG = Logger.getLogger(ApiServerLink.class);

    private static final String FIELD_MANAGER = "ipsec-xdp-agent";

    private static final long IN_AN_ANSWER = 100;

    /** What is to be said within a time is one write, as each one is read by all nodes: the more there are, the longer it is. */
    private static final Duration GATHER_FOR_EACH = Duration.ofMillis(20);

    private static final Duration SHORTEST = Duration.ofMillis(250);

    private static final Duration LONGEST = Duration.ofSeconds(10);

    private final KubernetesClient client;
    private final String node;
    private final PresharedKeys presharedKeys;
    private final Listener listener;
    private final Clock clock;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("share").factory());

    /** Of what follows, all is of the thread. */
    private Optional<Ears> ears = Optional.empty();

    private Optional<KeyShareSpec> toSay = Optional.empty();
    private Optional<KeyShareSpec> said = Optional.empty();
    private boolean scheduled;
    private Instant notBefore = Instant.MIN;
    private Backoff retry = Backoff.between(Duration.ofMillis(500), Duration.ofSeconds(30));

    public ApiServerLink(
            KubernetesClient client, String node, PresharedKeys presharedKeys, Listener listener, Clock clock) {
        this.client = client;
        this.node = node;
        this.presharedKeys = presharedKeys;
        this.listener = listener;
        this.clock = clock;
    }

    @Override
    public void read(String tunnel, KeySecretRef presharedKey) {
        presharedKeys.read(presharedKey).thenAccept(answer -> listener.presharedKeyRead(tunnel, answer));
    }

    @Override
    public void listen(boolean wanted) {
        thread.execute(() -> {
            if (wanted && ears.isEmpty()) {
                ears = Optional.of(new Ears());
            } else if (!wanted) {
                ears.ifPresent(Ears::close);
                ears = Optional.empty();
            }
        });
    }

    @Override
    public void say(KeyShareSpec share) {
        thread.execute(() -> {
            // It was written a moment ago, and word of that is under way; if it gets lost, it is asked for again
            boolean isEcho = said.equals(Optional.of(share)) && clock.instant().isBefore(notBefore);
            if (!isEcho) {
                toSay = Optional.of(share);
                schedule();
            }
        });
    }

    private void schedule() {
        if (!scheduled) {
            scheduled = true;
            long pause = Duration.between(clock.instant(), notBefore(clock.instant()))
                    .toMillis();
            thread.schedule(this::write, Math.max(0, pause), TimeUnit.MILLISECONDS);
        }
    }

    private Duration gather() {
        Duration gather = GATHER_FOR_EACH.multipliedBy(ears.map(Ears::nodes).orElse(0));
        if (gather.compareTo(SHORTEST) < 0) {
            return SHORTEST;
        }
        return gather.compareTo(LONGEST) > 0 ? LONGEST : gather;
    }

    private Instant notBefore(Instant now) {
        Instant earliest = retry.due().filter(notBefore::isBefore).orElse(notBefore);
        return earliest.isBefore(now) ? now : earliest;
    }

    private void write() {
        scheduled = false;
        KeyShareSpec share = toSay.orElseThrow();
        toSay = Optional.empty();
        KeyShare object = new KeyShare();
        object.setMetadata(new ObjectMetaBuilder().withName(node).build());
        object.setSpec(share);
        try {
            KeyShare there = client.resource(object)
                    .fieldManager(FIELD_MANAGER)
                    .forceConflicts()
                    .serverSideApply();
            retry = retry.succeeded();
            notBefore = clock.instant().plus(gather());
            said = Optional.of(share);
            listener.shareWritten(share, GuardedInformer.version(there));
        } catch (RuntimeException e) {
            if (retry.due().isEmpty()) {
                LOG.warnf("The KeyShare %s cannot be written and is tried again: %s", node, Failures.cause(e));
            }
            retry = retry.failed(clock.instant());
            toSay = toSay.or(() -> Optional.of(share));
            schedule();
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        ears.ifPresent(Ears::close);
    }

    /** Hears both kinds, and tells of them together. */
    private final class Ears implements AutoCloseable {
        private final GuardedInformer<TunnelPeers> peers;
        private final GuardedInformer<KeyShare> shares;
        private Optional<List<TunnelPeersSpec>> lastPeers = Optional.empty();
        private Optional<GuardedInformer.All<KeyShare>> lastShares = Optional.empty();

        Ears() {
            peers = new GuardedInformer<>(
                    "TunnelPeers", () -> client.resources(TunnelPeers.class), IN_AN_ANSWER, this::peersAre);
            shares = new GuardedInformer<>(
                    "KeyShares", () -> client.resources(KeyShare.class), IN_AN_ANSWER, this::sharesAre);
        }

        private synchronized int nodes() {
            return lastShares.map(all -> all.objects().size()).orElse(0);
        }

        private synchronized void peersAre(GuardedInformer.All<TunnelPeers> all) {
            lastPeers = Optional.of(all.objects().stream()
                    .map(TunnelPeers::getSpec)
                    .filter(Objects::nonNull)
                    .toList());
            tell();
        }

        private synchronized void sharesAre(GuardedInformer.All<KeyShare> all) {
            lastShares = Optional.of(all);
            tell();
        }

        private void tell() {
            lastPeers.ifPresent(known -> lastShares.ifPresent(all -> {
                Map<String, Heard.Said> said = new HashMap<>();
                all.objects().stream()
                        .filter(share -> share.getSpec() != null)
                        .forEach(share -> said.put(
                                share.getMetadata().getName(),
                                new Heard.Said(share.getSpec(), GuardedInformer.version(share))));
                listener.heard(new Heard(known, said, all.version()));
            }));
        }

        @Override
        public void close() {
            peers.close();
            shares.close();
        }
    }
}
