package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.crds.Api;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * `kubectl ipsec` against a real API server that has objects in all states. Who asks has the chart's role to view and no other, but
 * for a rekey and for one bundle.
 */
class PluginIT {
    private static final String KEY = "a2V5IGJ5dGVzIG9mIGFuIFNBIHdpdGggMzYgYnl0ZXM=";
    private static final Duration OWN_TIME = Duration.ofMillis(500);
    private static final int RUNS = 5;
    private static final int NOT_READY = 1;
    private static final int WRONG = 2;
    private static final int NO_ANSWER = 3;

    private static final Cleanup CLEANUP = new Cleanup();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static ApiServer api;
    private static KubernetesClient client;
    private static Kubectl admin;
    private static Kubectl viewer;
    private static Kubectl editor;
    private static Command.Result withoutCrds;

    @TempDir
    Path folder;

    @BeforeAll
    static void start(@TempDir Path folder) {
        Project project = Project.here();
        api = CLEANUP.add(ApiServer.start(project, folder.resolve("api")));
        client = CLEANUP.add(api.adminClient());
        admin = Kubectl.admin(project, api);
        viewer = new Kubectl(admin.binary(), api.strangerKubeconfig(), project.root());
        editor = new Kubectl(admin.binary(), api.operatorKubeconfig(), project.root());
        withoutCrds = plugin(admin, "status");
        admin.installCrds();
        ChartRendering.of(project).stream()
                .filter(object -> Set.of("ipsec-xdp-view", "ipsec-xdp-admin")
                        .contains(object.getMetadata().getName()))
                .forEach(role -> client.resource(role).create());
        bind("ipsec-xdp-view", "system:serviceaccount:default:default");
        bind("ipsec-xdp-admin", "system:serviceaccount:ipsec-xdp:ipsec-xdp-operator");
        DeclaredStates.create(client);
        client.resource(new NodeBuilder()
                        .withNewMetadata()
                        .withName("n1")
                        .addToAnnotations("note", KEY)
                        .endMetadata()
                        .build())
                .create();
        client.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName("good")
                        .endMetadata()
                        .withType(Api.KEY_SECRET_TYPE)
                        .addToData("keymat", KEY)
                        .build())
                .create();
        event("ours", "ipsec-xdp.io/v1alpha1", "KeyMissing");
        event("theirs", "v1", "OfSomebodyElse");
    }

    @AfterAll
    static void stop() {
        CLEANUP.close();
    }

    @Test
    void statusSaysWhatIsOnWhereNotAndWhy() {
        Command.Result status = plugin(viewer, "status");

        assertThat(status.exit()).isEqualTo(NOT_READY);
        assertThat(status.out())
                .startsWith("5 objects are not Ready.\n")
                .containsPattern("SecurityAssociation +1/3 +0\n")
                .containsPattern("Tunnel +1/2 +1\n")
                .contains(
                        "Tunnel resting is Stalled (Paused)\n  paused is true: set it to false\n",
                        "IPsecNode n1 is Not Ready (AgentFailing)\n  the agent cannot write its journal: make room on its disk\n",
                        "  n2 (KeyMissing): there is no Secret ipsec-xdp-keys/keyless: create it\n",
                        "SecurityAssociation unseen is Reconciling\n  the operator has not seen it as it is declared",
                        "Tunnel pods is Degraded (RekeyWaits)\n  new keys wait for n2: look at its agent\n")
                .containsPattern("pods +1/1 +1438 +2026-11-30T08:00:00Z\n")
                .containsPattern("n2 +true +1/2 +eth0:Native +100 +0 +7.3.4\n");
        assertThat(status.err()).isEmpty();
    }

    @Test
    void statusIsJsonToPrograms() {
        Command.Result status = plugin(viewer, "status", "-o", "json");

        assertThat(status.exit()).isEqualTo(NOT_READY);
        JsonNode report = json(status);
        assertThat(report.get("ready").asBoolean()).isFalse();
        assertThat(report.get("findings"))
                .extracting(finding -> finding.get("name").asText() + " "
                        + finding.get("state").asText())
                .containsExactlyInAnyOrder(
                        "resting Stalled",
                        "esp Stalled",
                        "n1 Not Ready",
                        "keyless Reconciling",
                        "unseen Reconciling",
                        "pods Degraded");
    }

    @Test
    void statusWaitsForAsLongAsItIsTold() {
        long start = System.nanoTime();

        Command.Result status = plugin(viewer, "status", "--wait=3");

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(2));
        assertThat(status.exit()).isEqualTo(NOT_READY);
        assertThat(status.err()).contains("not all is Ready after 3 seconds");
    }

    @Test
    void explainSaysWhatTheKernelLacksAndWhatThatMeans() {
        Command.Result poor = plugin(viewer, "explain", "n1");

        assertThat(poor.exit()).isEqualTo(NOT_READY);
        assertThat(poor.out())
                .startsWith("Node n1: kernel 6.1.0-40-amd64, CPUs 0-3, agent 0.1.0")
                .contains(
                        "Ready is False (AgentFailing): the agent cannot write its journal",
                        "The kernel can: ESP, AH\n",
                        "It lacks the kfunc bpf_xdp_get_xfrm_state: packets of declared SAs go to their declared owner",
                        "  Remedy: take Linux 6.8 or later.\n",
                        "It lacks SAs with an owner CPU:",
                        "It lacks mode BEET:",
                        "No interface is steered",
                        "SteeringPolicy esp (InterfaceNotFound): n1 has no interface eth0: correct interfaces\n",
                        "XfrmInNoStates 12",
                        "SPI 777 from 203.0.113.7 to 198.51.100.1 on ens3: 12\n",
                        "SecurityPolicy flow: ESP from 198.51.100.1 to 198.51.100.2, reqid 268435457, asked 3 times");

        Command.Result rich = plugin(viewer, "explain", "n2");

        assertThat(rich.exit()).isZero();
        assertThat(rich.out())
                .contains("Ready is True", "Steered: eth0\n")
                .containsPattern("eth0 +Native +esp +6000 +100 +0 +1.03 +198.51.100.2\n")
                .doesNotContain("It lacks");
        assertThat(json(plugin(viewer, "explain", "n1", "-o", "json")).get("lacks"))
                .hasSize(4);
    }

    @Test
    void explainOfNoNodeNamesThoseThatAreThere() {
        Command.Result none = plugin(viewer, "explain", "n3");

        assertThat(none.exit()).isEqualTo(NOT_READY);
        assertThat(none.out()).startsWith("There is no IPsecNode n3").contains("There are: n1, n2.");
    }

    @ParameterizedTest
    @CsvSource({"4096", "0x1000"})
    void traceShowsAnSaAtBothEnds(String spi) {
        Command.Result trace = plugin(viewer, "trace", spi);

        assertThat(trace.exit()).isZero();
        assertThat(trace.out())
                .startsWith(
                        "SecurityAssociation good: SPI 4096 (0x1000), ESP, mode Tunnel, reqid 268435457, from 198.51.100.1 to 198.51.100.2\n")
                .contains(
                        "  sends on n1, Installed\n    CPU: its owner is CPU 1, but the kernel has no owner CPUs",
                        "    policy flow (Out): 10.20.1.0/24 to 10.20.2.0/24, priority 1000, Protect, reqid 268435457, Installed\n",
                        "  receives on n2, Installed\n    CPU: SteeringPolicy esp: CPU 3, its owner (eth0 Native)\n",
                        "Failed (ForeignEntry): somebody else has this policy: remove it\n");
    }

    @Test
    void traceSaysWhyAnSaIsNotThere() {
        assertThat(plugin(viewer, "trace", "3735928559").out())
                .contains(
                        "sends on n2, Pending (KeyMissing): there is no Secret ipsec-xdp-keys/keyless: create it",
                        "no policy on n2 uses it",
                        "192.0.2.9 is outside of the cluster");
        assertThat(plugin(viewer, "trace", "5000").out())
                .contains("unseen is Reconciling", "n1: the operator has not planned it there");
        Command.Result unknown = plugin(viewer, "trace", "5001");
        assertThat(unknown.exit()).isEqualTo(NOT_READY);
        assertThat(unknown.out()).startsWith("No SecurityAssociation has SPI 5001 (0x1389)");
    }

    @Test
    void traceFollowsPacketsThroughPoliciesToTheirSas() {
        Command.Result trace = plugin(viewer, "trace", "10.20.1.5", "10.20.2.255");

        assertThat(trace.exit()).isZero();
        assertThat(trace.out().lines().filter(line -> line.startsWith("On ")))
                .as("in the order of the priority, up to the first that takes all packets")
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith("On n1: policy dns (Out)")
                                .contains("protocol UDP at port 53"),
                        line -> assertThat(line).startsWith("On n1: policy flow (Out)"),
                        line -> assertThat(line).startsWith("On n2: policy flow (In)"),
                        line -> assertThat(line).startsWith("On n2: policy flow (Forward)"));
        assertThat(trace.out()).contains("  SA good: SPI 4096 (0x1000), Installed\n");
    }

    @ParameterizedTest
    @CsvSource({"10.30.1.5, 10.30.2.9, n1, n2", "2001:db8:2::7, 2001:db8:1:0::9, n2, n1"})
    void traceFollowsPacketsIntoATunnel(String source, String destination, String sender, String receiver) {
        Command.Result trace = plugin(viewer, "trace", source, destination);

        assertThat(trace.exit()).isZero();
        assertThat(trace.out())
                .contains(
                        "Tunnel pods, mode Tunnel, priority 100000\n",
                        "  from " + sender + " to " + receiver + "\n    " + sender + ": Installed\n    " + receiver
                                + ": Installed\n",
                        "ip xfrm state list reqid 2147483649");
        JsonNode pairs =
                json(plugin(viewer, "trace", source, destination, "-o", "json")).at("/tunnels/0/pairs");
        assertThat(pairs).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"10.20.2.9, 192.0.2.1", "2001:db8:2::7, 2001:db8:3::9", "::1, 1::"})
    void traceSaysWhatIsInTheClear(String source, String destination) {
        Command.Result trace = plugin(viewer, "trace", source, destination);

        assertThat(trace.exit()).isEqualTo(NOT_READY);
        assertThat(trace.out()).startsWith("No declared policy and no Tunnel selects packets");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                      | ''",
                "halt                    | there is no command halt",
                "status now              | status takes no argument",
                "status --wait=soon      | --wait takes seconds",
                "status -o yaml          | there is no output yaml",
                "explain                 | explain takes the name of one node",
                "explain n1 --wait       | --wait is for status and rekey",
                "trace                   | trace takes an SPI, or a source and a destination address",
                "trace eight             | eight is no SPI",
                "trace 4294967296        | the highest is 4294967295",
                "trace 10.0.0.1 10.0.0   | 10.0.0 is no IP address",
                "trace 1::2::3 ::1       | 1::2::3 is no IP address",
                "trace 10.0.0.256 10.0.0.1 | 10.0.0.256 is no IP address",
                "rekey                   | rekey takes the name of one Tunnel",
                "rekey pods -o json      | -o json is for status, explain and trace",
                "bundle a b              | bundle takes one file at most",
                "page n1                 | page takes no argument",
                "page -n a/b             | a/b is no namespace",
                "status -n other         | --namespace is for page",
                "status --all            | there is no option --all"
            })
    void wrongUsageGetsASentence(String words, String sentence) {
        Command.Result wrong = plugin(viewer, words.isEmpty() ? new String[0] : words.split(" "));

        assertThat(wrong.exit()).isEqualTo(WRONG);
        assertThat(wrong.out()).isEmpty();
        assertThat(wrong.err()).startsWith("kubectl ipsec: ").contains(sentence);
    }

    @Test
    void aPageThatCannotBeShownGetsASentence() {
        Command.Result notAllowed = plugin(viewer, "page");
        assertThat(notAllowed.exit()).isEqualTo(NO_ANSWER);
        assertThat(notAllowed.err()).contains("rights to create serviceaccounts/token of ipsec-xdp-page");

        Command.Result elsewhere = plugin(admin, "page", "-n", "default");
        assertThat(elsewhere.exit()).isEqualTo(NOT_READY);
        assertThat(elsewhere.err())
                .contains(
                        "namespace default has no operator with a page: name the one of the release with --namespace");
    }

    @Test
    void helpIsNoMistake() {
        Command.Result help = plugin(viewer, "-h");

        assertThat(help.exit()).isZero();
        assertThat(help.out())
                .contains(
                        "status [--wait[=SECONDS]]", "explain NODE", "trace SRC DST", "rekey TUNNEL", "page", "bundle");
    }

    @Test
    void aClusterWithoutTheOperatorGetsASentence() {
        assertThat(withoutCrds.exit()).isEqualTo(NO_ANSWER);
        assertThat(withoutCrds.err())
                .startsWith("kubectl ipsec: this cluster does not know ipsec-xdp.io: install the operator's chart");
    }

    @Test
    void withoutJqItSaysWhatToInstall() {
        Command.Result bare = command(viewer, "status")
                .with(Map.of("PATH", admin.binary().getParent().toString()))
                .run();

        assertThat(bare.exit()).isEqualTo(NO_ANSWER);
        assertThat(bare.err()).startsWith("kubectl ipsec: jq is not there: install it");
    }

    @Test
    void rekeyNeedsTheRoleOfWhoDeclares() {
        Command.Result refused = plugin(viewer, "rekey", "pods");

        assertThat(refused.exit()).isEqualTo(NO_ANSWER);
        assertThat(refused.err()).contains("cannot patch", "ipsec-xdp-admin");
        assertThat(plugin(editor, "rekey", "none").err()).contains("there is no Tunnel none");
        Command.Result paused = plugin(editor, "rekey", "resting");
        assertThat(paused.exit()).isEqualTo(NOT_READY);
        assertThat(paused.err()).contains("set its spec.paused to false");
    }

    @Test
    void rekeyWaitsUntilNoOldKeyIsLeft() {
        try (var cluster = DeclaredStates.tunnelOfItsOwn(client)) {
            Command.Result waits = plugin(editor, "rekey", cluster.name(), "--wait=3");

            assertThat(waits.exit()).isEqualTo(NOT_READY);
            assertThat(waits.err()).contains("after 3 seconds these nodes still have keys of before: m1 m2");
            String first = cluster.request();
            assertThat(first).isNotEmpty();

            Thread.ofVirtual().start(() -> {
                Await.until(
                        "it is asked again",
                        Duration.ofSeconds(30),
                        () -> "",
                        () -> !cluster.request().equals(first));
                cluster.renewKeys();
            });
            Command.Result done = plugin(editor, "rekey", cluster.name(), "--wait=60");

            assertThat(done.exit()).as(done.toString()).isZero();
            assertThat(done.out()).contains("has new keys on all its nodes, and the old ones are gone");
            assertThat(plugin(editor, "rekey", cluster.name()).exit()).isZero();
        }
    }

    @Test
    void theBundleHasEverythingButSecrets() throws Exception {
        Path file = folder.resolve("all.tar.gz");

        Command.Result made = plugin(admin, "bundle", file.toString());

        assertThat(made.exit()).as(made.toString()).isZero();
        assertThat(made.out()).doesNotContain("Left out");
        assertThat(kinds(file))
                .containsExactly(
                        "Event",
                        "IPsecNode",
                        "KeyShare",
                        "Node",
                        "NodePlan",
                        "SecurityAssociation",
                        "SecurityPolicy",
                        "SteeringPolicy",
                        "Tunnel",
                        "TunnelPeers");
        String text = text(file);
        assertThat(text)
                .contains("KeyMissing", "\"kernel\": \"6.1.0-40-amd64\"", "objects are not Ready.")
                .doesNotContain(
                        KEY,
                        "OfSomebodyElse",
                        "0123456789abcdef0123456789abcdef",
                        "fingerprint-of-a-key",
                        "\"Secret\"");
    }

    @Test
    void aBundleSaysWhatItsMakerMayNotRead() throws Exception {
        Path file = folder.resolve("some.tar.gz");

        Command.Result made = plugin(viewer, "bundle", file.toString());

        assertThat(made.exit()).isZero();
        assertThat(made.out())
                .contains("Left out, as you may not read it:", "events is forbidden", "nodes is forbidden");
        assertThat(kinds(file)).hasSize(8).doesNotContain("Node", "Event");
    }

    @Test
    void itsOwnTimeIsLessThanHalfASecond() {
        for (String command : List.of("status", "explain n1", "trace 4096", "trace 10.30.1.5 10.30.2.9")) {
            Duration whole = fastest(() -> plugin(viewer, command.split(" ")));
            Duration kubectls = fastest(() -> viewer.tryRun(
                    "get",
                    "ipsecnodes,tunnels,securityassociations,securitypolicies,steeringpolicies,nodeplans,tunnelpeers",
                    "-o",
                    "json"));
            assertThat(whole.minus(kubectls)).as(command).isLessThan(OWN_TIME);
        }
    }

    private static Duration fastest(Supplier<Command.Result> program) {
        return IntStream.range(0, RUNS)
                .mapToObj(run -> {
                    long start = System.nanoTime();
                    assertThat(program.get().exit()).isLessThan(WRONG);
                    return Duration.ofNanos(System.nanoTime() - start);
                })
                .min(Duration::compareTo)
                .orElseThrow();
    }

    private static Set<String> kinds(Path file) {
        var kinds = new TreeSet<String>();
        Command.of("tar", "-tzf", file.toString())
                .output()
                .lines()
                .filter(name -> name.endsWith(".json"))
                .forEach(name -> kinds.add(name.replaceAll(".*/|\\.json", "")));
        return kinds;
    }

    /** All of its files, after each other. */
    private static String text(Path file) throws Exception {
        assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
        return Command.of("tar", "-xzOf", file.toString()).output();
    }

    private static Command.Result plugin(Kubectl kubectl, String... arguments) {
        return command(kubectl, arguments).run();
    }

    private static Command command(Kubectl kubectl, String... arguments) {
        var words = new ArrayList<>(
                List.of(kubectl.folder().resolve("plugin/kubectl-ipsec").toString()));
        words.addAll(List.of(arguments));
        return Command.of(words).with(kubectl.environment()).in(kubectl.folder());
    }

    private static JsonNode json(Command.Result result) {
        try {
            return JSON.readTree(result.out());
        } catch (JsonProcessingException e) {
            throw new AssertionError(result.toString(), e);
        }
    }

    private static void bind(String role, String user) {
        client.resource(new ClusterRoleBindingBuilder()
                        .withNewMetadata()
                        .withName(role)
                        .endMetadata()
                        .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", role)
                        .addNewSubject("rbac.authorization.k8s.io", "User", user, null)
                        .build())
                .create();
    }

    private static void event(String name, String apiVersion, String reason) {
        client.resource(new EventBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName(name)
                        .endMetadata()
                        .withNewInvolvedObject()
                        .withApiVersion(apiVersion)
                        .withKind("Any")
                        .withName("keyless")
                        .endInvolvedObject()
                        .withReason(reason)
                        .withMessage(reason)
                        .build())
                .create();
    }
}
