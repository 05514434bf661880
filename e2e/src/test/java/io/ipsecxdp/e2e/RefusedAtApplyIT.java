package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What one object shows to be wrong is refused by `kubectl apply`, with a sentence. */
class RefusedAtApplyIT {
    private static final String GOOD_SA = """
            apiVersion: ipsec-xdp.io/v1alpha1
            kind: SecurityAssociation
            metadata: {name: refused}
            spec:
              source: {node: n1}
              destination: {node: n2}
              spi: 4096
              mode: Tunnel
              encryption: {algorithm: ENCR_AES_GCM_16, keyBits: 256, keySecretRef: {name: refused, key: keymat}}
              reqid: 268435457
              replayWindow: 4096
              esn: true
            """;
    private static final String GOOD_POLICY = """
            apiVersion: ipsec-xdp.io/v1alpha1
            kind: SecurityPolicy
            metadata: {name: refused}
            spec:
              source: {node: n1}
              destination: {node: n2}
              selector: {source: 10.30.1.0/24, destination: 10.30.2.0/24}
              priority: 1000
            """;
    private static final String GOOD_STEERING = """
            apiVersion: ipsec-xdp.io/v1alpha1
            kind: SteeringPolicy
            metadata: {name: refused}
            spec:
              interfaces: [eth9]
              cpus: "0"
              queueSize: 2048
              mode: Auto
            """;

    private static final Cleanup CLEANUP = new Cleanup();
    private static ApiServer api;
    private static Kubectl kubectl;

    @BeforeAll
    static void start(@TempDir Path folder) {
        Project project = Project.here();
        api = CLEANUP.add(ApiServer.start(project, folder.resolve("api")));
        kubectl = Kubectl.admin(project, api);
        kubectl.install(api);
    }

    @AfterAll
    static void stop() {
        CLEANUP.close();
    }

    @AfterEach
    void nothingIsLeft() {
        kubectl.run("delete", "ipsa,ipsp,steer", "--all");
    }

    @BeforeEach
    void celIsEnforced() {
        Needs.that(api.enforcesCel(), "an API server that enforces CEL rules (Kubernetes 1.25 or later)");
    }

    @Test
    void theObjectsAreFineAsTheyStand() {
        for (String yaml : new String[] {GOOD_SA, GOOD_POLICY, GOOD_STEERING}) {
            Command.Result result = kubectl.apply(yaml);
            assertThat(result.ok()).as(result.toString()).isTrue();
        }
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "spi: 4096                   | spi: 255                                                     | spi must be 256 to 4294967295",
                "spi: 4096                   | spi: 4294967296                                              | spi must be 256 to 4294967295",
                "spi: 4096                   | spi: many                                                    | spec.spi",
                "source: {node: n1}          | source: {}                                                   | an end needs node",
                "source: {node: n1}          | source: {node: n2}                                           | source and destination are the same node",
                "source: {node: n1}          | source: {address: not-an-address}                            | address must be an IP address",
                "source: {node: n1}          | source: {address: 192.0.2.1, cpu: 0}                         | cpu is the owner CPU on a cluster node",
                "source: {node: n1}          | source: {node: n1, cpu: -1}                                  | cpu must be the number of a CPU of the node",
                "ENCR_AES_GCM_16             | ENCR_DES                                                     | encryption.algorithm is broken",
                "keyBits: 256                | keyBits: 160                                                 | keyBits must be 128, 192 or 256",
                "name: refused, key: keymat  | name: '', key: keymat                                        | keySecretRef needs the name of a Secret",
                "mode: Tunnel                | mode: Beet                                                   | Unsupported value: \"Beet\"",
                "reqid: 268435457            | reqid: 1                                                     | reqid must be 268435457 to 2147483647",
                "replayWindow: 4096          | replayWindow: 16                                             | replayWindow must be 32 to 4096",
                "replayWindow: 4096          | replayWindow: 8192                                           | replayWindow must be 32 to 4096",
            })
    void aWrongSecurityAssociationIsRefused(String good, String bad, String sentence) {
        assertRefused(GOOD_SA, good, bad, sentence);
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "{node: n1}|{address: 192.0.2.1}|{node: n2}|{address: 192.0.2.2}   | no end is a cluster node",
                "{node: n1}|{node: n1, address: 192.0.2.1}|{node: n2}|{node: n2, address: 192.0.2.1} | source and destination have the same address",
                "{node: n1}|{node: n1, address: 192.0.2.1}|{node: n2}|{node: n2, address: '2001:db8::1'} | one end is IPv4 and the other IPv6",
            })
    void endsThatDoNotGoTogetherAreRefused(
            String source, String badSource, String destination, String badDestination, String sentence) {
        for (String good : new String[] {GOOD_SA, GOOD_POLICY}) {
            String yaml = replaced(good, "source: " + source, "source: " + badSource);
            assertRefused(yaml, "destination: " + destination, "destination: " + badDestination, sentence);
        }
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "source: 10.30.1.0/24   | source: 10.30.1.7/24               | selector.source has bits set behind its prefix length",
                "source: 10.30.1.0/24   | source: pods                       | selector.source must be a prefix",
                "source: 10.30.1.0/24   | source: 'fd30:1::/64'              | different families",
                "destination: 10.30.2.0/24 | destination: 10.30.2.0/24, destinationPort: 53 | selector ports need protocol TCP, UDP, SCTP",
                "destination: 10.30.2.0/24 | destination: 10.30.2.0/24, protocol: UDP, destinationPort: 65536 | selector.destinationPort must be 1 to 65535",
                "priority: 1000         | priority: 0                        | priority must be 1 to 2147483647",
                "priority: 1000         | action: Encrypt                    | Unsupported value: \"Encrypt\"",
            })
    void aWrongSecurityPolicyIsRefused(String good, String bad, String sentence) {
        assertRefused(GOOD_POLICY, good, bad, sentence);
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "interfaces: [eth9]     | interfaces: []                     | spec.interfaces",
                "interfaces: [eth9]     | interfaces: [a-name-that-is-too-long] | interfaces: a name has 1 to 15 characters",
                "cpus: \"0\"            | cpus: all                          | cpus must be a list of CPUs and ranges",
                "interfaces: [eth9]     | interfaces: [no such route]        | interfaces: a name has 1 to 15 characters",
                "cpus: \"0\"            | excludedCpus: 1;2                 | excludedCpus must be a list of CPUs and ranges",
                "queueSize: 2048        | queueSize: 1                       | queueSize must be 64 to 16384",
                "queueSize: 2048        | priority: 0                        | priority must be 1 to 65535",
                "queueSize: 2048        | priority: 65536                    | of two policies that want an interface the lower number",
                "queueSize: 2048        | numa: Remote                       | Unsupported value: \"Remote\"",
                "queueSize: 2048        | vlanOffload: Ignore                | Unsupported value: \"Ignore\"",
                "queueSize: 2048        | assignment: Random                 | Unsupported value: \"Random\"",
                "queueSize: 2048        | assignment: Fixed                  | fixed and assignment: Fixed go together",
                "queueSize: 2048        | fixed: [{spi: 256, cpu: 0}]        | fixed and assignment: Fixed go together",
                "queueSize: 2048        | unknownSPI: Reject                 | Unsupported value: \"Reject\"",
                "queueSize: 2048        | learningSeconds: 90000             | learningSeconds must be 0 to 86400",
                "queueSize: 2048        | udpPorts: [65536]                  | a UDP port is 1 to 65535",
                "queueSize: 2048        | udpPorts: []                       | spec.udpPorts",
                "queueSize: 2048        | mark: 4294967296                   | mark must be 0 to 4294967295",
                "queueSize: 2048        | netnsId: -1                        | netnsId must be 0 or more",
                "mode: Auto             | mode: Offload                      | Unsupported value: \"Offload\"",
            })
    void aWrongSteeringPolicyIsRefused(String good, String bad, String sentence) {
        assertRefused(GOOD_STEERING, good, bad, sentence);
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "spi: 4096  | spi: 5          | an spi must be 256 to 4294967295",
                "cpu: 0     | cpu: -1         | a cpu 0 to 65535",
                "spi: 4096  | spi: 4097       | an spi stands there twice",
            })
    void aWrongListOfFixedCpusIsRefused(String good, String bad, String sentence) {
        String fixed = GOOD_STEERING + "  assignment: Fixed\n  fixed: [{spi: 4096, cpu: 0}, {spi: 4097, cpu: 1}]\n";
        Command.Result made = kubectl.apply(fixed);
        assertThat(made.ok()).as(made.toString()).isTrue();

        assertRefused(fixed, good, bad, sentence);
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "source: {node: n1}     | source: {node: n1, cpu: 0}         | source and destination cannot change",
                "spi: 4096              | spi: 4097                          | spi cannot change",
                "mode: Tunnel           | mode: Transport                    | mode and protocol cannot change",
                "keyBits: 256           | keyBits: 128                       | encryption cannot change",
                "key: keymat            | key: other                         | encryption cannot change",
                "reqid: 268435457       | reqid: 268435458                   | reqid, replayWindow and esn cannot change",
                "replayWindow: 4096     | replayWindow: 128                  | reqid, replayWindow and esn cannot change",
                "esn: true              | esn: false                         | reqid, replayWindow and esn cannot change",
            })
    void whatIdentifiesAnSaCannotChange(String good, String bad, String sentence) {
        Command.Result made = kubectl.apply(GOOD_SA);
        assertThat(made.ok()).as(made.toString()).isTrue();

        assertRefused(GOOD_SA, good, bad, sentence);
    }

    private static void assertRefused(String yaml, String good, String bad, String sentence) {
        Command.Result result = kubectl.apply(replaced(yaml, good, bad));

        assertThat(result.ok()).as("kubectl apply took " + bad).isFalse();
        assertThat(result.err()).contains(sentence);
    }

    private static String replaced(String yaml, String good, String bad) {
        assertThat(yaml).contains(good);
        return yaml.replace(good, bad);
    }
}
