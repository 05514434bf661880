package io.ipsecxdp.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.CustomResource;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.Encryption;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.PolicyEnd;
import io.ipsecxdp.crds.SaEnd;
import io.ipsecxdp.crds.SaMode;
import io.ipsecxdp.crds.SecurityAssociation;
import io.ipsecxdp.crds.SecurityAssociationSpecBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Somebody else's ESP against ours, for each AEAD that the API offers and both families: Scapy makes an echo request by the
 * inbound SA of a node, the node answers by its outbound SA, and Scapy reads the answer off the wire.
 */
@OnCluster
class WitnessIT {
    private static final long REQID = Api.FIRST_REQID + 7_000;

    private static final String RECORDED = "/tmp/witness.pcap";

    /** What the wire had is in the capture by then. */
    private static final Duration LAST_PACKET = Duration.ofSeconds(1);

    /** Far above what the node itself has sent with the SA, and within the receiver's window. */
    private static final long SEQUENCE = 1_000;

    /** Sends what it reads, in hexadecimal, as ESP: the kernel puts the outer IP header before it. */
    private static final String SENDER = """
            use Socket;
            my ($to) = @ARGV;
            my $six = $to =~ /:/;
            socket(my $out, $six ? AF_INET6 : AF_INET, SOCK_RAW, 50) or die $!;
            my $address = $six ? Socket::pack_sockaddr_in6(0, Socket::inet_pton(AF_INET6, $to))
                : pack_sockaddr_in(0, inet_aton($to));
            while (<STDIN>) { chomp; send($out, pack("H*", $_), 0, $address) or die $!; }
            """;

    /** What the witness is told of an SA. */
    record KnownSa(
            long spi,
            String key,
            String algorithm,
            int icv,
            long sequence,
            String source,
            String destination,
            String from,
            String to,
            String payload) {}

    /** An algorithm with one family, by which two addresses of pods reach each other. */
    private record Kind(EncryptionAlgorithm algorithm, IpFamily family, int number) {

        /** Both ends of the lengths that a key may have. */
        int keyBits() {
            return algorithm.keyBits().stream()
                    .reduce(family == IpFamily.IPV4 ? Math::max : Math::min)
                    .orElseThrow();
        }

        String name(Node from, Node to) {
            return "witness-%s-%s-%d".formatted(from.name(), to.name(), number);
        }

        /** A pod's address of its own on the answering node. */
        String pod(Node node) {
            return node.facts().podAddress(family).replaceFirst("1$", Integer.toString(10 + number));
        }
    }

    @Test
    void anotherImplementationReadsOurPacketsAndMakesSomeThatWeRead(Cluster cluster) throws Exception {
        Node answering = cluster.node(0);
        Node asking = cluster.node(1);
        List<Kind> kinds = kinds();
        Map<String, SecurityAssociation> sas = new TreeMap<>();
        Map<String, byte[]> keys = new TreeMap<>();
        List<CustomResource<?, ?>> declared = new ArrayList<>();
        for (Kind kind : kinds) {
            for (List<Node> way : List.of(List.of(asking, answering), List.of(answering, asking))) {
                String name = kind.name(way.getFirst(), way.getLast());
                keys.put(name, key(cluster, name, kind));
                sas.put(name, sa(name, kind, way.getFirst(), way.getLast()));
                declared.add(DeclaredTunnel.policy(
                        name,
                        new PolicyEnd(way.getFirst().name(), address(way.getFirst(), kind), null),
                        new PolicyEnd(way.getLast().name(), address(way.getLast(), kind), null),
                        inner(way.getFirst(), answering, kind),
                        inner(way.getLast(), answering, kind),
                        REQID + kind.number()));
            }
        }
        declared.addAll(sas.values());
        podsAddresses("replace", answering, kinds);
        cluster.applyReady(declared);

        List<KnownSa> questions = kinds.stream()
                .map(kind -> known(kind, asking, answering, sas, keys))
                .toList();
        List<KnownSa> answers = kinds.stream()
                .map(kind -> known(kind, answering, asking, sas, keys))
                .toList();
        Path capture = cluster.lab().folder().resolve("witness.pcap");
        try (var cleanup = new Cleanup()) {
            cleanup.add(() -> podsAddresses("delete", answering, kinds));
            KernelProcess tcpdump = cleanup.add(Recording.start(
                    cluster,
                    answering,
                    "witness",
                    RECORDED,
                    "esp or ip6 proto 50",
                    "--immediate-mode",
                    "-Q",
                    "out",
                    "-Z",
                    "root"));
            List<String> packets = witness(cluster, questions, "make");
            for (IpFamily family : IpFamily.values()) {
                String esp = kinds.stream()
                        .filter(kind -> kind.family() == family)
                        .map(kind -> packets.get(kind.number()))
                        .collect(Collectors.joining("\n", "", "\n"));
                Command.of(asking.command(
                                "perl", "-e", SENDER, answering.facts().address(family)))
                        .reading(esp)
                        .output();
            }
            Await.until(
                    "the node has answered all",
                    Cluster.PATIENCE,
                    () -> answering.run("ip", "-s", "xfrm", "state") + answering.run("cat", "/proc/net/xfrm_stat"),
                    () -> answering
                                    .run("ip", "-s", "xfrm", "state")
                                    .lines()
                                    .filter(line -> line.strip().matches("\\d+\\(bytes\\), 1\\(packets\\)"))
                                    .count()
                            == 2L * kinds.size());
            Await.pause(LAST_PACKET);
            tcpdump.terminate();
        }
        Files.write(capture, Base64.getMimeDecoder().decode(answering.run("base64", RECORDED)));
        Map<Long, String> read = witness(cluster, answers, "read", capture.toString()).stream()
                .map(line -> line.split(" "))
                .collect(Collectors.toMap(words -> Long.valueOf(words[0]), words -> words[1], (one, twice) -> "twice"));

        Map<Long, String> expected = new TreeMap<>();
        for (int i = 0; i < kinds.size(); i++) {
            expected.put(answers.get(i).spi(), questions.get(i).payload());
        }
        assertThat(read).isEqualTo(expected).hasSize(16);
        System.out.printf("%d packets of Scapy read, and %d read by Scapy%n", questions.size(), read.size());
    }

    private static List<Kind> kinds() {
        List<Kind> kinds = new ArrayList<>();
        Arrays.stream(EncryptionAlgorithm.values())
                .filter(algorithm -> algorithm.kind() == EncryptionAlgorithm.Kind.AEAD)
                .forEach(algorithm -> Arrays.stream(IpFamily.values())
                        .forEach(family -> kinds.add(new Kind(algorithm, family, kinds.size()))));
        return kinds;
    }

    private static byte[] key(Cluster cluster, String name, Kind kind) {
        cluster.keys().make(name, kind.keyBits() / Byte.SIZE + kind.algorithm().saltBytes());
        return Base64.getDecoder()
                .decode(cluster.keys().made().getLast().getData().get(Keys.ENTRY));
    }

    private static SecurityAssociation sa(String name, Kind kind, Node from, Node to) {
        SecurityAssociation sa = DeclaredTunnel.sa(
                name,
                new SaEnd(from.name(), address(from, kind), null, null),
                new SaEnd(to.name(), address(to, kind), null, null),
                SaMode.Tunnel,
                REQID + kind.number(),
                DeclaredTunnel.randomSpi(),
                new KeySecretRef(name, Keys.ENTRY));
        sa.setSpec(SecurityAssociationSpecBuilder.builder(sa.getSpec())
                .withEncryption(
                        new Encryption(kind.algorithm().name(), kind.keyBits(), new KeySecretRef(name, Keys.ENTRY)))
                .build());
        return sa;
    }

    private static KnownSa known(
            Kind kind, Node from, Node to, Map<String, SecurityAssociation> sas, Map<String, byte[]> keys) {
        String name = kind.name(from, to);
        return new KnownSa(
                sas.get(name).getSpec().spi(),
                HexFormat.of().formatHex(keys.get(name)),
                kind.algorithm().name(),
                kind.algorithm().icvBits() / Byte.SIZE,
                SEQUENCE,
                address(from, kind),
                address(to, kind),
                from.facts().podAddress(kind.family()),
                kind.pod(to),
                HexFormat.of().formatHex(("question %d by %s".formatted(kind.number(), kind.algorithm())).getBytes()));
    }

    private static String address(Node node, Kind kind) {
        return node.facts().address(kind.family());
    }

    /** Of the answering node an address for each kind, so that no policy selects the packets of another. */
    private static String inner(Node node, Node answering, Kind kind) {
        String address = node.equals(answering) ? kind.pod(node) : node.facts().podAddress(kind.family());
        return address + (kind.family() == IpFamily.IPV4 ? "/32" : "/128");
    }

    /** All addresses of an IPv4 prefix on the loopback interface are the node's own, and one of an IPv6 prefix. */
    private static void podsAddresses(String what, Node answering, List<Kind> kinds) {
        answering.script(kinds.stream()
                .filter(kind -> kind.family() == IpFamily.IPV6)
                .map(kind -> "ip address %s %s/128 dev lo".formatted(what, kind.pod(answering)))
                .collect(Collectors.joining("\n", "set -e\n", "\n")));
    }

    private static List<String> witness(Cluster cluster, List<KnownSa> sas, String... arguments)
            throws JsonProcessingException {
        List<String> words = new ArrayList<>(List.of(
                cluster.lab().project().root().resolve("lab/esp-witness").toString()));
        words.addAll(List.of(arguments));
        return Command.of(words)
                .reading(new ObjectMapper().writeValueAsString(sas))
                .output()
                .lines()
                .toList();
    }
}
