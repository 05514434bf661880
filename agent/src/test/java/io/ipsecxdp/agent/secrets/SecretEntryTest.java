package io.ipsecxdp.agent.secrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

class SecretEntryTest {

    private static byte[] json(Map<String, byte[]> data, String noise) throws JsonProcessingException {
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("annotations", Map.of("note", noise, "data", "no", "type", noise));
        metadata.put("creationTimestamp", "2026-01-01T00:00:00Z");
        metadata.put("managedFields", new Object[] {Map.of("f:data", Map.of()), true, null, -1.5e3});
        Map<String, Object> secret = new LinkedHashMap<>();
        secret.put("kind", "Secret");
        secret.put("metadata", metadata);
        Map<String, String> encoded = new LinkedHashMap<>();
        data.forEach((name, bytes) -> encoded.put(name, Base64.getEncoder().encodeToString(bytes)));
        secret.put("data", encoded);
        secret.put("type", "ipsec-xdp.io/key");
        return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(secret);
    }

    @Property(tries = 300)
    void everyEntryIsReadWhateverStandsAroundIt(
            @ForAll @Size(min = 1, max = 5)
                    Map<@AlphaChars @NotEmpty @StringLength(max = 8) String, byte @Size(max = 40) []> data,
            @ForAll String noise)
            throws Exception {
        byte[] json = json(data, noise);
        for (var entry : data.entrySet()) {
            SecretEntry read = SecretEntry.read(json, entry.getKey());
            assertThat(read.type()).isEqualTo("ipsec-xdp.io/key");
            assertThat(read.made()).contains(Instant.parse("2026-01-01T00:00:00Z"));
            assertThat(read.bytes())
                    .hasValueSatisfying(bytes -> assertThat(bytes).isEqualTo(entry.getValue()));
        }
        assertThat(SecretEntry.read(json, "0").bytes()).isEmpty();
    }

    @Property(tries = 300)
    void whatIsCutShortIsUnreadableAndNothingElse(@ForAll @IntRange(max = 400) int length) throws Exception {
        byte[] json = json(Map.of("k", new byte[20]), "noise");
        byte[] cut = Arrays.copyOf(json, Math.min(length, json.length - 3));
        assertThatThrownBy(() -> SecretEntry.read(cut, "k")).isInstanceOf(SecretEntry.UnreadableException.class);
    }

    @Property(tries = 300)
    void rubbishIsUnreadableOrHasNoEntry(@ForAll byte[] rubbish) {
        try {
            assertThat(SecretEntry.read(rubbish, "k").bytes()).isEmpty();
        } catch (SecretEntry.UnreadableException e) {
            assertThat(e.getMessage()).doesNotContain("k=");
        }
    }

    @Example
    void aSecretWithoutDataHasNoEntry() throws Exception {
        byte[] json = "{\"type\":\"Opaque\",\"data\":null}".getBytes(StandardCharsets.UTF_8);
        assertThat(SecretEntry.read(json, "k").bytes()).isEmpty();
        assertThat(SecretEntry.read(json, "k").type()).isEqualTo("Opaque");
    }

    @Example
    void whatIsNotBase64IsNeverQuoted() {
        byte[] json = "{\"data\":{\"k\":\"s%cret\"}}".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> SecretEntry.read(json, "k"))
                .isInstanceOf(SecretEntry.UnreadableException.class)
                .hasNoCause()
                .hasMessageNotContaining("s%cret")
                .hasMessageNotContaining("25");
    }

    @Example
    void whatNestsWithoutEndIsUnreadable() {
        byte[] json = ("{\"x\":" + "[".repeat(100_000)).getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> SecretEntry.read(json, "k")).isInstanceOf(SecretEntry.UnreadableException.class);
    }

    @Example
    void cannotBePrinted() throws Exception {
        assertThat(SecretEntry.read(json(Map.of("k", new byte[] {1, 2, 3}), ""), "k"))
                .hasToString("SecretEntry[hidden]");
    }
}
