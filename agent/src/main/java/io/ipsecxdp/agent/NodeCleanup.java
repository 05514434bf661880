package io.ipsecxdp.agent;

import io.ipsecxdp.agent.kernel.Events;
import io.ipsecxdp.agent.kernel.KernelReconciler;
import io.ipsecxdp.agent.kernel.NotificationListener;
import io.ipsecxdp.agent.ledger.Journal;
import io.ipsecxdp.agent.ledger.OwnedPolicy;
import io.ipsecxdp.agent.ledger.OwnedSa;
import io.ipsecxdp.agent.ledger.StateException;
import io.ipsecxdp.agent.node.NodeProbe;
import io.ipsecxdp.agent.plan.ApiServerWay;
import io.ipsecxdp.agent.plan.Desired;
import io.ipsecxdp.agent.plan.KernelInfo;
import io.ipsecxdp.agent.plan.Observed;
import io.ipsecxdp.agent.plan.Slice;
import io.ipsecxdp.agent.secrets.KeyRing;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.steering.Steerer;
import io.ipsecxdp.crds.NodePlanSpec;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.XfrmException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** Removes from the node all that agents installed there, and nothing else. Needs no API server. */
final class NodeCleanup {

    /** What the kernel tells of the last sequence numbers comes within moments. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Duration MOMENT = Duration.ofMillis(100);

    private final AgentConfig config;
    private final PrintStream out;
    private final Clock clock;

    NodeCleanup(AgentConfig config, PrintStream out, Clock clock) {
        this.config = config;
        this.out = out;
        this.clock = clock;
    }

    /**
     * @return 0 if nothing of the agents is left in the kernel
     * @throws XfrmException if this process cannot talk to the kernel
     * @throws StateException if the state folder cannot be used, for one because an agent is running
     */
    int run() {
        try (AgentComponents bench = AgentComponents.open(config, clock)) {
            bench.complaints().forEach(out::println);
            List<String> removed = new ArrayList<>();
            Steerer.Ended steering = bench.steerer().endAll();
            steering.ended().forEach(name -> removed.add("the XDP program from " + name));
            List<String> left = removeEntries(bench, removed);
            steering.left().forEach((name, why) -> left.add("the XDP program from %s: %s".formatted(name, why)));
            bench.policyFile().delete();
            forgetGenerations(bench);
            removePinFolder();
            removed.forEach(what -> out.println("removed " + what));
            left.forEach(what -> out.println("could not remove " + what));
            out.printf(
                    "%d removed, %d left. The key ledger in %s stays: it knows which keys were used, and none of them may be used from the start again.%n",
                    removed.size(), left.size(), config.stateDir());
            return left.isEmpty() ? 0 : 1;
        }
    }

    /** The same work that an agent does whose plans are all empty. */
    private List<String> removeEntries(AgentComponents bench, List<String> removed) {
        Journal journal = bench.state().journal();
        Events events = new Events();
        KeyRing noKeys = new KeyRing(
                source -> CompletableFuture.completedFuture(
                        new KeySecrets.NoKey(Reason.KeyUnreadable, "Cleaning up needs no keys.")),
                events::keyArrived,
                bench.state()::fingerprint,
                clock);
        Observed before = Observed.of(bench.xfrm().dumpSas(), bench.xfrm().dumpPolicies());
        Observed after = before;
        NotificationListener ears = NotificationListener.open(bench.xfrm(), events);
        try {
            KernelReconciler work = new KernelReconciler(bench.xfrm(), bench.state(), noKeys, clock);
            work.setDesired(Desired.of(emptySlices(journal), Map.of()));
            KernelInfo facts = new KernelInfo(
                    bench.boot(),
                    NodeProbe.onlineCpus(),
                    bench.xfrm().capabilities(),
                    new ApiServerWay(Set.of(), Set.of(), 0, 0));
            Instant deadline = clock.instant().plus(PATIENCE);
            do {
                after = work.round(facts).observed();
                work.onNotifications(events.notifications(MOMENT));
            } while (!isEmpty(bench.state().journal()) && clock.instant().isBefore(deadline));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ears.close();
        }
        List<String> left = new ArrayList<>();
        for (OwnedPolicy policy : journal.policies().values()) {
            if (before.policies().containsKey(policy.id())) {
                boolean gone = !after.policies().containsKey(policy.id());
                (gone ? removed : left).add("the policy %s, %s".formatted(policy.name(), policy.id()));
            }
        }
        for (OwnedSa sa : journal.sas().values()) {
            if (before.sas().containsKey(sa.id())) {
                boolean gone = !after.sas().containsKey(sa.id());
                (gone ? removed : left).add("the SA %s, %s".formatted(sa.name(), sa.id()));
            }
        }
        return left;
    }

    private List<Slice> emptySlices(Journal journal) {
        NodePlanSpec empty = new NodePlanSpec(config.nodeName(), List.of(), List.of(), List.of());
        return Stream.concat(
                        journal.sas().values().stream().map(OwnedSa::slice),
                        journal.policies().values().stream().map(OwnedPolicy::slice))
                .distinct()
                .map(name -> new Slice(name, name, 0, empty, Optional.empty()))
                .toList();
    }

    private static boolean isEmpty(Journal journal) {
        return journal.sas().isEmpty() && journal.policies().isEmpty();
    }

    private void forgetGenerations(AgentComponents bench) {
        try {
            bench.generations().forget();
        } catch (IOException e) {
            out.println(
                    "the private values in %s cannot be removed: %s".formatted(config.runtimeDir(), e.getMessage()));
        }
    }

    private void removePinFolder() {
        try {
            Files.deleteIfExists(AgentComponents.pins(config));
        } catch (DirectoryNotEmptyException e) {
            out.println(AgentComponents.pins(config) + " has something that is not ours, and stays");
        } catch (IOException e) {
            out.println(AgentComponents.pins(config) + " cannot be removed: " + e.getMessage());
        }
    }
}
