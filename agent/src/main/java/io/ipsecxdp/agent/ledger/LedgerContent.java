package io.ipsecxdp.agent.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ipsecxdp.xfrm.SaDir;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What the file of a key ledger says.
 *
 * @param secret in hexadecimal; empty if no line has it
 * @param uses in the order in which they were written
 * @param later lines that a later version of the agent wrote, word for word: what they say of a key is among the uses as
 *     {@link KeyUse.Open}, the most that can be said of it
 * @param lost since when keys of older Secrets are not trusted: seconds since 1970
 * @param damaged lines that are none
 */
record LedgerContent(Optional<String> secret, List<KeyUse> uses, List<Later> later, Optional<Long> lost, int damaged) {

    /** @param use what is made of it, if it names a key */
    record Later(String text, Optional<KeyUse> use) {}

    private static final int SECRET_DIGITS = 64;

    private static final class Reader {
        private final ObjectMapper json;
        private Optional<String> secret = Optional.empty();
        private final List<KeyUse> uses = new ArrayList<>();
        private final List<Later> later = new ArrayList<>();
        private Optional<Long> lost = Optional.empty();
        private int damaged;

        Reader(ObjectMapper json) {
            this.json = json;
        }

        void read(String text) {
            try {
                read(text, json.readTree(text));
            } catch (JsonProcessingException | IllegalArgumentException e) {
                damaged++;
            }
        }

        private void read(String text, JsonNode line) throws JsonProcessingException {
            if (!LedgerLine.isKnown(line)) {
                Optional<KeyUse> use = openUse(line);
                later.add(new Later(text, use));
                use.ifPresent(uses::add);
                return;
            }
            switch (json.treeToValue(line, LedgerLine.class)) {
                case LedgerLine.Secret(String hex) -> secret = Optional.of(checked(hex));
                case LedgerLine.Use use -> uses.add(LedgerLine.use(use));
                case LedgerLine.Lost(long since) -> lost = Optional.of(since);
            }
        }

        private static String checked(String hex) {
            if (hex.length() != SECRET_DIGITS) {
                throw new IllegalArgumentException("The secret has " + SECRET_DIGITS + " hexadecimal digits");
            }
            HexFormat.of().parseHex(hex);
            return hex;
        }

        /** An inbound use by name, an outbound one otherwise: that is the one with which care has to be taken. */
        private static Optional<KeyUse> openUse(JsonNode line) {
            if (!line.path("line").isTextual()) {
                throw new IllegalArgumentException("A line says what it is");
            }
            if (!line.path("key").isTextual()) {
                return Optional.empty();
            }
            SaDir direction = line.path("direction").asText().equals(SaDir.IN.name()) ? SaDir.IN : SaDir.OUT;
            return Optional.of(new KeyUse(
                    new KeyFingerprint(line.path("key").asText()),
                    new Origin(line.path("uid").asText(), line.path("child").asText()),
                    line.path("name").asText(),
                    direction,
                    line.path("adopted").asBoolean(),
                    new KeyUse.Open()));
        }
    }

    static LedgerContent of(AppendOnlyFile.Content file, ObjectMapper json) {
        Reader reader = new Reader(json);
        file.lines().forEach(reader::read);
        return new LedgerContent(
                reader.secret,
                List.copyOf(reader.uses),
                List.copyOf(reader.later),
                reader.lost,
                file.damaged() + reader.damaged);
    }

    /** Something is missing that was there: what the file does not say of a key, says nothing of the key. */
    boolean isDamaged() {
        return damaged > 0 || secret.isEmpty();
    }
}
