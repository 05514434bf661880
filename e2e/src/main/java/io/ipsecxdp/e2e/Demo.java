package io.ipsecxdp.e2e;

import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SteeringPolicy;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Shows the product at work, step by step, and fails if anything is not as it should be. */
public final class Demo {
    private static final long PACKETS = 6_000;
    private static final long PACKETS_AFTER_CHANGE = 1_000;
    private static final int PER_SECOND = 1_000;
    private static final int CPUS = 2;
    private static final int PORT = 9_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Narrator narrator;
    private final Lab lab;
    private final Kubectl kubectl;

    private Demo(Narrator narrator, Lab lab) {
        this.narrator = narrator;
        this.lab = lab;
        this.kubectl = lab.kubectl();
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
        List<NodeState> before = states();
        installAndStart();
        declare();
        ping();
        try (Decrypts decrypts = Decrypts.of(lab.kernel())) {
            Load.Report plain = loadWithoutSteering(decrypts);
            Load.Report steered = loadWithSteering(decrypts, plain);
            views();
            change(decrypts);
            delete(before);
            narrator.result("demo: %d packets in, %d decrypted, %d handled by the owner CPU, %d lost"
                    .formatted(steered.esp(), steered.decrypted(), steered.onOwner(), steered.lost()));
        }
        return 0;
    }

    private void describeLab() {
        narrator.say("API server on 127.0.0.1:%d, RBAC on; logs in %s"
                .formatted(lab.api().port(), lab.folder()));
        lab.nodes()
                .forEach(node -> narrator.say("node %s: kernel %s, eth0 %s, pods %s"
                        .formatted(
                                node.name(),
                                node.run("uname", "-r").strip(),
                                node.facts().addresses().getFirst(),
                                node.facts().pods().getFirst())));
    }

    private void installAndStart() {
        narrator.step("The operator, and an agent on each node");
        kubectl("apply -f crds/");
        var installation = new Installation(lab.project(), lab.client());
        int roles = installation.grantAccess().size();
        narrator.say(
                "Operator and agents get the rights of the Helm chart and no others (%d objects)".formatted(roles));
        lab.nodes().forEach(node -> installation.register(node.facts()));
        Operator operator = lab.startOperator();
        List<AgentProcess> agents = lab.startAgents();
        operator.awaitReady();
        agents.forEach(AgentProcess::awaitReady);
        Await.until(
                "both nodes report",
                PATIENCE,
                () -> agents.getFirst().daemon().tail(),
                () -> kubectl.run("get", "ipnode", "-o", "name").lines().count() == agents.size());
        kubectl("wait --for=condition=Ready ipnode --all --timeout=60s");
        kubectl("get ipnode");
    }

    private void declare() {
        narrator.step("Declare a tunnel: six SAs with random keys, two policies");
        narrator.command(
                "examples/make-keys examples/security-associations.yaml",
                Command.of("examples/make-keys", "examples/security-associations.yaml")
                        .in(lab.project().root())
                        .with(kubectl.environment())
                        .output());
        kubectl("apply -f examples/security-associations.yaml -f examples/security-policies.yaml");
        kubectl("wait --for=condition=Ready ipsa,ipsp --all --timeout=60s");
        kubectl("get ipsa,ipsp");
    }

    private void ping() {
        narrator.step("A ping between the pods of the two nodes, and what leaves each node meanwhile");
        Node n1 = lab.node(0);
        String to = lab.node(1).facts().podAddress(IpFamily.IPV4);
        try (var cleanup = new Cleanup()) {
            List<KernelProcess> tcpdumps =
                    lab.nodes().stream().map(this::tcpdump).map(cleanup::add).toList();
            narrator.command("ping -c 3 " + to, n1.run("ping", "-c", "3", "-i", "0.3", to));
            tcpdumps.forEach(tcpdump -> {
                tcpdump.daemon().awaitEnd(PATIENCE);
                narrator.command(
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
                lab.daemons(),
                "tcpdump-sample-" + node.name(),
                node,
                List.of("tcpdump", "-i", "eth0", "-Q", "out", "-n", "-l", "-c", "3", "ip"));
        tcpdump.daemon().awaitText("listening on", PATIENCE);
        return tcpdump;
    }

    private Load.Report loadWithoutSteering(Decrypts decrypts) {
        narrator.step("A load of %d packets, not steered"
                .formatted(load(PACKETS).packets() * CPUS * lab.nodes().size()));
        narrator.say(
                "Each SA names the CPU that shall decrypt it, its owner. Without steering the packets are decrypted wherever they arrive.");
        Load.Report report = load(PACKETS).run(decrypts, sas());
        tell(report);
        return report;
    }

    private Load.Report loadWithSteering(Decrypts decrypts, Load.Report plain) {
        narrator.step("The same load, steered");
        kubectl("apply -f examples/steering-policy.yaml");
        kubectl("wait --for=condition=Ready steer/esp --timeout=60s");
        Load.Report report = load(PACKETS).run(decrypts, sas());
        tell(report);
        check(report.decrypted() == report.sent(), "not all packets were decrypted");
        check(report.onOwner() == report.sent(), "not all packets were decrypted by the owner CPU");
        check(
                plain.onOwner() < report.onOwner(),
                "without steering there were as many on the owner CPU: this proves nothing");
        narrator.say("On the owner CPU: %.1f %% without steering, %.1f %% with it."
                .formatted(plain.ownerPercent(), report.ownerPercent()));
        return report;
    }

    private void views() {
        narrator.step("The views");
        kubectl("get ipsec");
        kubectl("get ipnode");
    }

    private void change(Decrypts decrypts) {
        narrator.step("A change while packets flow: shorter queues");
        try (var flow = Flow.endless(lab.node(0), lab.node(1), PORT, PER_SECOND).start(lab.daemons())) {
            kubectl("apply -f examples/variants/steering-policy-short-queues.yaml");
            SteeringPolicy changed =
                    lab.client().resources(SteeringPolicy.class).withName("esp").get();
            Await.until(
                    "the change is in force",
                    PATIENCE,
                    () -> kubectl.run("get", "ipsec"),
                    () -> new Conditions(lab.client()).isReady(changed));
            kubectl("get steer -o wide");
            Flow.Report report = flow.end();
            narrator.say("%d packets there and back meanwhile, %d lost".formatted(report.sent(), report.lost()));
            check(report.lost() == 0, "packets were lost");
        }
        Load.Report report = load(PACKETS_AFTER_CHANGE).run(decrypts, sas());
        tell(report);
        check(report.onOwner() == report.sent(), "not all packets were decrypted by the owner CPU");
    }

    private void delete(List<NodeState> before) {
        narrator.step("Everything is deleted again");
        kubectl("delete -f examples/");
        Await.until("the nodes are as before", PATIENCE, () -> "now:\n" + states(), () -> states().equals(before));
        narrator.say("SAD, SPD, XDP programs and pins of both nodes are as before.");
        kubectl("get ipsec");
    }

    private Load load(long packets) {
        return new Load(lab.daemons(), lab.node(0), lab.node(1), CPUS, packets, PER_SECOND);
    }

    private void tell(Load.Report report) {
        narrator.say(report.table());
        narrator.say(
                "%d packets sent, %d lost, %d came twice, %d late; on the wire %d ESP packets and %d others of IPv4"
                        .formatted(
                                report.sent(),
                                report.lost(),
                                report.duplicates(),
                                report.late(),
                                report.esp(),
                                report.plain()));
        check(report.lost() == 0, "packets were lost");
        check(report.duplicates() == 0, "packets came twice");
        check(report.esp() == report.sent(), "the wire did not carry one ESP packet for each packet sent");
        check(report.plain() == 0, "the wire carried packets that are not ESP");
    }

    private List<SecurityAssociation> sas() {
        return lab.client().resources(SecurityAssociation.class).list().getItems().stream()
                .sorted(Comparator.comparing(sa -> sa.getMetadata().getName()))
                .toList();
    }

    private List<NodeState> states() {
        return lab.nodes().stream().map(NodeState::of).toList();
    }

    private void kubectl(String arguments) {
        narrator.command("kubectl " + arguments, kubectl.run(arguments.split(" ")));
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }
}
