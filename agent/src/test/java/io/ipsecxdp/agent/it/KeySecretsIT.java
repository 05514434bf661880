package io.ipsecxdp.agent.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.ipsecxdp.agent.secrets.KeySecrets;
import io.ipsecxdp.agent.secrets.KeySecrets.NoKey;
import io.ipsecxdp.charts.TestingApiServer;
import io.ipsecxdp.crds.Api;
import io.ipsecxdp.crds.EncryptionAlgorithm;
import io.ipsecxdp.crds.KeySecretRef;
import io.ipsecxdp.crds.Protection;
import io.ipsecxdp.crds.Reason;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keys are read from a real API server, with the rights of an agent. */
@Timeout(60)
class KeySecretsIT {

    private static TestingApiServer server;
    private static KubernetesClient agent;
    private static byte[] key;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void start() throws IOException {
        server = TestingApiServer.start(TestNode.PROJECT, folder);
        server.install(TestNode.AGENT);
        agent = server.clientOf(TestNode.AGENT);
        key = new byte[20];
        new Random().nextBytes(key);
        secret("good", Api.KEY_SECRET_TYPE, key);
        secret("opaque", "Opaque", key);
        secret("short", Api.KEY_SECRET_TYPE, new byte[19]);
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            agent.close();
            server.close();
        }
    }

    private static void secret(String name, String type, byte[] bytes) {
        server.client()
                .resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace(TestingApiServer.KEYS)
                        .endMetadata()
                        .withType(type)
                        .addToData("entry", Base64.getEncoder().encodeToString(bytes))
                        .build())
                .create();
    }

    private static KeySecrets.Answer read(String namespace, String name, String entry) {
        return new KeySecrets(agent, namespace, Clock.systemUTC())
                .read(encryption(name, entry))
                .join();
    }

    private static Protection encryption(String name, String entry) {
        return Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 128, new KeySecretRef(name, entry));
    }

    private static NoKey refused(String name, String entry) {
        return (NoKey) read(TestingApiServer.KEYS, name, entry);
    }

    @Test
    void aKeyIsReadAsItIs() {
        try (KeyMaterial read = ((KeySecrets.Key) read(TestingApiServer.KEYS, "good", "entry")).key();
                KeyMaterial expected = KeyMaterial.takeFrom(key.clone())) {
            assertThat(read.copy()).isEqualTo(expected.copy());
        }
    }

    @Test
    void copiesOfOneKeyHaveOneFingerprintForEveryAgent() {
        secret("copy", Api.KEY_SECRET_TYPE, key);
        byte[] another = key.clone();
        another[0]++;
        secret("another", Api.KEY_SECRET_TYPE, another);
        assertThat(fingerprint("good")).as("without a secret for it").isEmpty();
        server.client()
                .resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName(Api.FINGERPRINT_SECRET)
                        .withNamespace(TestingApiServer.KEYS)
                        .endMetadata()
                        .withType(Api.FINGERPRINT_SECRET_TYPE)
                        .addToData(
                                Api.FINGERPRINT_SECRET_ENTRY,
                                Base64.getEncoder().encodeToString(new byte[32]))
                        .build())
                .create();

        assertThat(fingerprint("good"))
                .isPresent()
                .isEqualTo(fingerprint("copy"))
                .isNotEqualTo(fingerprint("another"));
    }

    private static Optional<String> fingerprint(String secret) {
        var read = (KeySecrets.Key) read(TestingApiServer.KEYS, secret, "entry");
        read.key().close();
        return read.clusterFingerprint();
    }

    @Test
    void manyKeysOfOneSecretAreReadEachAsItIs() {
        Map<String, byte[]> keys = new TreeMap<>();
        var secret = new SecretBuilder()
                .withNewMetadata()
                .withName("many")
                .withNamespace(TestingApiServer.KEYS)
                .endMetadata()
                .withType(Api.KEY_SECRET_TYPE);
        for (int i = 0; i < 100; i++) {
            byte[] bytes = new byte[20];
            new Random(i).nextBytes(bytes);
            keys.put("entry-" + i, bytes);
            secret.addToData("entry-" + i, Base64.getEncoder().encodeToString(bytes));
        }
        server.client().resource(secret.build()).create();
        KeySecrets secrets = new KeySecrets(agent, TestingApiServer.KEYS, Clock.systemUTC());

        Map<String, CompletableFuture<KeySecrets.Answer>> answers = new TreeMap<>();
        keys.keySet().forEach(entry -> answers.put(entry, secrets.read(encryption("many", entry))));

        answers.forEach((entry, answer) -> {
            try (KeyMaterial read = ((KeySecrets.Key) answer.join()).key();
                    KeyMaterial expected = KeyMaterial.takeFrom(keys.get(entry))) {
                assertThat(read.copy()).isEqualTo(expected.copy());
            }
        });
    }

    @Test
    void aMissingSecretIsNamedWithWhatItNeeds() {
        NoKey answer = refused("none", "entry");
        assertThat(answer.reason()).isEqualTo(Reason.KeyMissing);
        assertThat(answer.message()).contains("Secret none", "ipsec-xdp-keys", Api.KEY_SECRET_TYPE, "20 bytes");
    }

    @Test
    void aMissingEntryIsNamed() {
        NoKey answer = refused("good", "other");
        assertThat(answer.reason()).isEqualTo(Reason.KeyMissing);
        assertThat(answer.message()).contains("Secret good", "no entry other");
    }

    @Test
    void aSecretOfAnotherTypeIsRefused() {
        NoKey answer = refused("opaque", "entry");
        assertThat(answer.reason()).isEqualTo(Reason.KeyInvalid);
        assertThat(answer.message()).contains(Api.KEY_SECRET_TYPE).doesNotContain("Opaque");
    }

    @Test
    void aKeyOfTheWrongLengthSaysWhatItNeedsAndNeverWhatItHas() {
        NoKey answer = refused("short", "entry");
        assertThat(answer.reason()).isEqualTo(Reason.KeyInvalid);
        assertThat(answer.message())
                .contains("20 bytes", "a key of 16, then a salt of 4")
                .doesNotContain("19");
    }

    @Test
    void anotherNamespaceIsForbidden() {
        NoKey answer = (NoKey) read("default", "good", "entry");
        assertThat(answer.reason()).isEqualTo(Reason.KeyUnreadable);
        assertThat(answer.message()).contains("may not read");
    }

    @Test
    void anApiServerThatIsGoneIsUnreadable() {
        try (KubernetesClient nowhere = new io.fabric8.kubernetes.client.KubernetesClientBuilder()
                .withConfig(new io.fabric8.kubernetes.client.ConfigBuilder()
                        .withMasterUrl("https://127.0.0.1:1")
                        .build())
                .build()) {
            Protection encryption =
                    Protection.aead(EncryptionAlgorithm.ENCR_AES_GCM_16, 128, new KeySecretRef("good", "entry"));
            NoKey answer = (NoKey) new KeySecrets(nowhere, TestingApiServer.KEYS, Clock.systemUTC())
                    .read(encryption)
                    .join();
            assertThat(answer.reason()).isEqualTo(Reason.KeyUnreadable);
            assertThat(answer.message()).contains("does not answer");
        }
    }
}
