package io.ipsecxdp.e2e;

import static io.ipsecxdp.e2e.DemoStage.check;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The demo's steps with a Tunnel, from its declaration to its end. */
record DemoOfTunnel(DemoStage stage) {
    private static final long PACKETS = 3_000;
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final String TUNNEL = "examples/variants/tunnel.yaml";

    void declare() {
        stage.narrator().step("Ten lines: what flows between the pods of the nodes is encrypted");
        stage.narrator()
                .command(
                        "grep -v '^#' " + TUNNEL,
                        Command.of("grep", "-v", "^#", TUNNEL)
                                .in(stage.lab().project().root())
                                .output());
        stage.kubectl("apply -f " + TUNNEL);
        stage.kubectl("wait --for=condition=Ready tunnel/pods --timeout=90s");
        stage.kubectl("get tunnels");
        stage.narrator()
                .say(
                        "The nodes have agreed the keys between themselves: their public values are all that is to be seen.");
        stage.kubectl("get keyshares");
    }

    Load.Report load(Decrypts decrypts) {
        stage.narrator().step("A load of %d packets, not steered and steered".formatted(stage.sent(PACKETS)));
        stage.narrator()
                .say(
                        "Each CPU sends by an SA of its own, which a CPU of the other node owns. All packets arrive on CPU 0, as from a NIC with one queue, and are decrypted there.");
        List<Load.LoadedSa> sas = tunnelSas();
        check(
                sas.size() == stage.lab().nodes().size() * (DemoStage.CPUS + 1),
                "the kernels have other SAs than one for each CPU and one for all");
        try (var cleanup = new Cleanup()) {
            List<OneQueue> queues = List.of(
                    cleanup.add(OneQueue.at(stage.lab().node(0), stage.lab().node(1), 0)),
                    cleanup.add(OneQueue.at(stage.lab().node(1), stage.lab().node(0), 0)));
            Load.Report plain = stage.load(PACKETS).runOver(decrypts, sas);
            // What one CPU does not keep up with is lost: on a machine that is busy, an emulated one is slow
            stage.tell(plain);
            steer();
            queues.forEach(queue -> queue.arriveOn(0));
            Load.Report steered = stage.load(PACKETS).runOver(decrypts, sas);
            stage.tell(steered);
            stage.checkIntact(steered);
            check(steered.decrypted() == steered.sent(), "not all packets were decrypted");
            check(steered.onOwner() == steered.sent(), "not all packets were decrypted by the owner CPU");
            check(
                    plain.onOwner() < steered.onOwner(),
                    "without steering there were as many on the owner CPU: this proves nothing");
            stage.narrator()
                    .say("On the owner CPU: %.1f %% without steering, %.1f %% with it."
                            .formatted(plain.ownerPercent(), steered.ownerPercent()));
            return steered;
        }
    }

    private void steer() {
        stage.kubectl("apply -f examples/steering-policy.yaml");
        stage.kubectl("wait --for=condition=Ready steer/esp --timeout=60s");
    }

    void rekey() {
        stage.narrator().step("New keys, while packets flow");
        stage.narrator().say("The nodes agree new ones each hour, or when somebody asks:");
        Set<Long> before = spis();
        try (var flow = Flow.endless(stage.lab().node(0), stage.lab().node(1), DemoStage.PORT, DemoStage.PER_SECOND)
                .start(stage.lab().daemons())) {
            String request = "{\"spec\":{\"rekey\":{\"request\":\"demo\"}}}";
            stage.narrator()
                    .command(
                            "kubectl patch tunnel pods --type=merge -p '%s'".formatted(request),
                            stage.kubectl().run("patch", "tunnel", "pods", "--type=merge", "-p", request));
            Await.until(
                    "both nodes have other SAs, and let go of the old ones",
                    PATIENCE,
                    () -> stage.kubectl().run("get", "keyshares", "-o", "yaml"),
                    () -> {
                        Set<Long> now = spis();
                        return now.size() == before.size() && now.stream().noneMatch(before::contains);
                    });
            stage.kubectl("get tunnels");
            Flow.Report report = flow.end();
            stage.narrator()
                    .say(
                            "%d SAs have successors with new keys; %d packets there and back meanwhile, %d lost, %d came twice"
                                    .formatted(before.size(), report.sent(), report.lost(), report.duplicates()));
            check(report.lost() == 0, "packets were lost");
            check(report.duplicates() == 0, "packets came twice");
        }
    }

    void takeOff() {
        stage.narrator().step("The tunnel is taken off");
        stage.kubectl("delete tunnel pods");
        Await.until(
                "the nodes have nothing of it",
                PATIENCE,
                () -> "now:\n" + stage.states(),
                () -> spis().isEmpty()
                        && stage.states().stream()
                                .noneMatch(state -> state.spd().contains("tmpl")));
        stage.narrator().say("Neither SAs nor policies of it are left.");
    }

    private List<Load.LoadedSa> tunnelSas() {
        return ReceivingSas.between(stage.lab().node(0), stage.lab().node(1));
    }

    private Set<Long> spis() {
        return tunnelSas().stream().map(Load.LoadedSa::spi).collect(Collectors.toSet());
    }
}
