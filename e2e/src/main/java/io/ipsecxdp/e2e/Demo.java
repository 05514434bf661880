package io.ipsecxdp.e2e;

import static io.ipsecxdp.e2e.DemoStage.check;

import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SteeringPolicy;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Shows the product at work, step by step, and fails if anything is not as it should be. */
public final class Demo {
    private static final long PACKETS_OVER_DECLARED = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final DemoStage stage;

    private Demo(Narrator narrator, Lab lab) {
        this.stage = new DemoStage(narrator, lab, lab.kubectl());
    }

    public static void main(String[] arguments) {
        var narrator = new Narrator(System.out);
        Runtime.getRuntime().addShutdownHook(new Thread(narrator::interrupted));
        int exit = run(narrator);
        narrator.end();
        System.exit(exit);
    }

    private static int run(Narrator narrator) {
        Project project = Project.here();
        narrator.step("An API server, and a kernel with two nodes");
        var choice = KernelChoice.best(project);
        narrator.say(choice.reason());
        if (choice.kernel() != KernelChoice.HOST) {
            narrator.say("So a virtual machine with a Debian kernel is booted, and the nodes are made in there.");
        }
        try (Lab lab = Lab.start(project, choice.kernel())) {
            return new Demo(narrator, lab).show();
        } catch (RuntimeException e) {
            narrator.failed(e);
            return 1;
        }
    }

    private int show() {
        describeLab();
        List<NodeState> before = stage.states();
        installAndStart();
        var tunnel = new DemoOfTunnel(stage);
        tunnel.declare();
        ping();
        try (Decrypts decrypts = Decrypts.of(stage.lab().kernel())) {
            Load.Report steered = tunnel.load(decrypts);
            tunnel.rekey();
            tunnel.takeOff();
            declare();
            loadOverDeclared(decrypts);
            change();
            views();
            delete(before);
            stage.narrator()
                    .result("demo: %d packets in, %d decrypted, %d handled by the owner CPU, %d lost"
                            .formatted(steered.esp(), steered.decrypted(), steered.onOwner(), steered.lost()));
        }
        return 0;
    }

    private void describeLab() {
        stage.narrator()
                .say("API server on 127.0.0.1:%d, RBAC on; logs in %s"
                        .formatted(stage.lab().api().port(), stage.lab().folder()));
        stage.lab()
                .nodes()
                .forEach(node -> stage.narrator()
                        .say("node %s: kernel %s, eth0 %s, pods %s"
                                .formatted(
                                        node.name(),
                                        node.run("uname", "-r").strip(),
                                        node.facts().addresses().getFirst(),
                                        node.facts().pods().getFirst())));
    }

    private void installAndStart() {
        stage.narrator().step("The operator, and an agent on each node");
        stage.kubectl("apply -f crds/");
        var installation = new Installation(stage.lab().project(), stage.lab().client());
        int roles = installation.grantAccess().size();
        stage.narrator()
                .say("Operator and agents get the rights of the Helm chart and no others (%d objects)"
                        .formatted(roles));
        stage.lab().nodes().forEach(node -> installation.register(node.facts()));
        Operator operator = stage.lab().startOperator();
        List<AgentProcess> agents = stage.lab().startAgents();
        operator.awaitReady();
        agents.forEach(AgentProcess::awaitReady);
        Await.until(
                "both nodes report",
                PATIENCE,
                () -> agents.getFirst().daemon().tail(),
                () -> stage.kubectl().run("get", "ipnode", "-o", "name").lines().count() == agents.size());
        stage.kubectl("wait --for=condition=Ready ipnode --all --timeout=60s");
        stage.kubectl("get ipnode");
    }

    private void ping() {
        stage.narrator().step("A ping between the pods of the two nodes, and what leaves each node meanwhile");
        Node n1 = stage.lab().node(0);
        String to = stage.lab().node(1).facts().podAddress(IpFamily.IPV4);
        try (var cleanup = new Cleanup()) {
            List<KernelProcess> tcpdumps = stage.lab().nodes().stream()
                    .map(this::tcpdump)
                    .map(cleanup::add)
                    .toList();
            stage.narrator().command("ping -c 3 " + to, n1.run("ping", "-c", "3", "-i", "0.3", to));
            tcpdumps.forEach(tcpdump -> {
                tcpdump.daemon().awaitEnd(PATIENCE);
                stage.narrator()
                        .command(
                                "tcpdump -i eth0 -Q out -n -c 3 ip",
                                tcpdump.text()
                                        .lines()
                                        .filter(line -> line.contains(" > "))
                                        .collect(Collectors.joining("\n")));
            });
        }
    }

    private KernelProcess tcpdump(Node node) {
        var tcpdump = KernelProcess.start(
                stage.lab().daemons(),
                "tcpdump-sample-" + node.name(),
                node,
                List.of("tcpdump", "-i", "eth0", "-Q", "out", "-n", "-l", "-c", "3", "ip"));
        tcpdump.daemon().awaitText("listening on", PATIENCE);
        return tcpdump;
    }

    private void declare() {
        stage.narrator().step("The same declared one by one: six SAs with keys of one's own, two policies");
        stage.narrator()
                .command(
                        "examples/make-keys examples/security-associations.yaml",
                        Command.of("examples/make-keys", "examples/security-associations.yaml")
                                .in(stage.lab().project().root())
                                .with(stage.kubectl().environment())
                                .output());
        stage.kubectl("apply -f examples/security-associations.yaml -f examples/security-policies.yaml");
        stage.kubectl("wait --for=condition=Ready ipsa,ipsp --all --timeout=60s");
        stage.kubectl("get ipsa,ipsp");
    }

    private void loadOverDeclared(Decrypts decrypts) {
        stage.narrator().step("A load of %d packets over them".formatted(stage.sent(PACKETS_OVER_DECLARED)));
        stage.narrator().say("These SAs have their owners crossed: what CPU 0 sends, CPU 1 decrypts.");
        Load.Report report = stage.load(PACKETS_OVER_DECLARED).run(decrypts, sas());
        stage.tell(report);
        stage.checkIntact(report);
        check(report.onOwner() == report.sent(), "not all packets were decrypted by the owner CPU");
    }

    private void views() {
        stage.narrator().step("The views");
        stage.kubectl("get ipsec");
        stage.kubectl("get ipnode");
    }

    private void change() {
        stage.narrator().step("A change while packets flow: shorter queues");
        try (var flow = Flow.endless(stage.lab().node(0), stage.lab().node(1), DemoStage.PORT, DemoStage.PER_SECOND)
                .start(stage.lab().daemons())) {
            stage.kubectl("apply -f examples/variants/steering-policy-short-queues.yaml");
            SteeringPolicy changed = stage.lab()
                    .client()
                    .resources(SteeringPolicy.class)
                    .withName("esp")
                    .get();
            Await.until(
                    "the change is in force",
                    PATIENCE,
                    () -> stage.kubectl().run("get", "ipsec"),
                    () -> new Conditions(stage.lab().client()).isReady(changed));
            stage.kubectl("get steer -o wide");
            Flow.Report report = flow.end();
            stage.narrator()
                    .say("%d packets there and back meanwhile, %d lost".formatted(report.sent(), report.lost()));
            check(report.lost() == 0, "packets were lost");
        }
    }

    private void delete(List<NodeState> before) {
        stage.narrator().step("Everything is deleted again");
        stage.kubectl("delete -f examples/");
        Await.until(
                "the nodes are as before",
                PATIENCE,
                () -> "now:\n" + stage.states(),
                () -> stage.states().equals(before));
        stage.narrator().say("SAD, SPD, XDP programs and pins of both nodes are as before.");
        stage.kubectl("get ipsec");
    }

    private List<SecurityAssociation> sas() {
        return stage.lab().client().resources(SecurityAssociation.class).list().getItems().stream()
                .sorted(Comparator.comparing(sa -> sa.getMetadata().getName()))
                .toList();
    }
}
