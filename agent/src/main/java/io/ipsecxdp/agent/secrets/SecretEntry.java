package io.ipsecxdp.agent.secrets;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An entry of a Secret, read out of its JSON without making text of it: a String cannot be wiped, and a JSON library
 * keeps what it read in buffers of its own.
 *
 * @param type of the Secret
 * @param version resourceVersion of the Secret; empty if it does not say so
 * @param made when the Secret was made, if it says so
 * @param bytes of the entry, for the receiver to wipe; empty if the Secret has no such entry
 */
record SecretEntry(String type, String version, Optional<Instant> made, Optional<byte[]> bytes) {

    /** The text is not the JSON of a Secret. The message never quotes it. */
    static final class UnreadableException extends Exception {
        private static final long serialVersionUID = 1;

        UnreadableException(String message) {
            super(message);
        }
    }

    static SecretEntry read(byte[] json, String entry) throws UnreadableException {
        return read(json, Set.of(entry)).get(entry);
    }

    /** All of these entries, by name. */
    static Map<String, SecretEntry> read(byte[] json, Set<String> entries) throws UnreadableException {
        return new Reader(json).secret(entries);
    }

    void wipe() {
        bytes.ifPresent(secret -> Arrays.fill(secret, (byte) 0));
    }

    @Override
    public String toString() {
        return "SecretEntry[hidden]";
    }

    /** Goes through the JSON once, from front to back (RFC 8259). */
    private static final class Reader {
        private static final int DEEPEST = 64;

        private final byte[] json;
        private int at;

        Reader(byte[] json) {
            this.json = json;
        }

        Map<String, SecretEntry> secret(Set<String> entries) throws UnreadableException {
            String type = "";
            Metadata metadata = new Metadata("", Optional.empty());
            Map<String, byte[]> data = Map.of();
            expect('{');
            if (!take('}')) {
                do {
                    byte[] name = text();
                    expect(':');
                    if (is(name, "type")) {
                        type = new String(text(), StandardCharsets.UTF_8);
                    } else if (is(name, "metadata") && peek() == '{') {
                        metadata = metadata();
                    } else if (is(name, "data") && peek() == '{') {
                        data = data(entries);
                    } else {
                        skip(0);
                    }
                } while (take(','));
                expect('}');
            }
            Map<String, SecretEntry> secret = new HashMap<>();
            for (String entry : entries) {
                secret.put(
                        entry,
                        new SecretEntry(
                                type, metadata.version(), metadata.made(), Optional.ofNullable(data.get(entry))));
            }
            return secret;
        }

        private record Metadata(String version, Optional<Instant> made) {}

        private Metadata metadata() throws UnreadableException {
            String version = "";
            Optional<Instant> made = Optional.empty();
            expect('{');
            if (take('}')) {
                return new Metadata(version, made);
            }
            do {
                byte[] name = text();
                expect(':');
                if (is(name, "creationTimestamp") && peek() == '"') {
                    made = instant(new String(text(), StandardCharsets.UTF_8));
                } else if (is(name, "resourceVersion") && peek() == '"') {
                    version = new String(text(), StandardCharsets.UTF_8);
                } else {
                    skip(0);
                }
            } while (take(','));
            expect('}');
            return new Metadata(version, made);
        }

        private static Optional<Instant> instant(String text) {
            try {
                return Optional.of(Instant.parse(text));
            } catch (DateTimeParseException e) {
                return Optional.empty();
            }
        }

        private Map<String, byte[]> data(Set<String> entries) throws UnreadableException {
            Map<String, byte[]> data = new HashMap<>();
            expect('{');
            if (take('}')) {
                return data;
            }
            try {
                do {
                    String name = new String(text(), StandardCharsets.UTF_8);
                    expect(':');
                    if (entries.contains(name)) {
                        data.put(name, base64());
                    } else {
                        skip(0);
                    }
                } while (take(','));
                expect('}');
                return data;
            } catch (UnreadableException e) {
                data.values().forEach(bytes -> Arrays.fill(bytes, (byte) 0));
                throw e;
            }
        }

        private byte[] base64() throws UnreadableException {
            byte[] text = text();
            try {
                return Base64.getDecoder().decode(text);
            } catch (IllegalArgumentException e) {
                // Not as the cause: its message quotes a character
                throw new UnreadableException("the entry is not in Base64");
            } finally {
                Arrays.fill(text, (byte) 0);
            }
        }

        /** Names of entries have no escapes, and neither has Base64. */
        private byte[] text() throws UnreadableException {
            expect('"');
            int from = at;
            while (current() != '"') {
                at++;
                if (json[at - 1] == '\\') {
                    // Skipped over, so that the end is found; such a text equals nothing that is looked for
                    current();
                    at++;
                }
            }
            byte[] text = Arrays.copyOfRange(json, from, at);
            at++;
            return text;
        }

        private void skip(int depth) throws UnreadableException {
            if (depth > DEEPEST) {
                throw new UnreadableException("the answer is nested too deeply");
            }
            switch (peek()) {
                case '"' -> Arrays.fill(text(), (byte) 0);
                case '{' -> {
                    expect('{');
                    if (!take('}')) {
                        do {
                            text();
                            expect(':');
                            skip(depth + 1);
                        } while (take(','));
                        expect('}');
                    }
                }
                case '[' -> {
                    expect('[');
                    if (!take(']')) {
                        do {
                            skip(depth + 1);
                        } while (take(','));
                        expect(']');
                    }
                }
                default -> {
                    int from = at;
                    while (at < json.length && ",]} \t\r\n".indexOf(json[at]) < 0) {
                        at++;
                    }
                    if (at == from) {
                        throw unexpected();
                    }
                }
            }
        }

        private boolean take(char c) throws UnreadableException {
            boolean there = peek() == c;
            if (there) {
                at++;
            }
            return there;
        }

        private void expect(char c) throws UnreadableException {
            if (!take(c)) {
                throw unexpected();
            }
        }

        private byte peek() throws UnreadableException {
            while (at < json.length && " \t\r\n".indexOf(json[at]) >= 0) {
                at++;
            }
            return current();
        }

        private byte current() throws UnreadableException {
            if (at >= json.length) {
                throw unexpected();
            }
            return json[at];
        }

        private UnreadableException unexpected() {
            return new UnreadableException("the answer is not the JSON of a Secret");
        }

        private static boolean is(byte[] text, String expected) {
            return Arrays.equals(text, expected.getBytes(StandardCharsets.UTF_8));
        }
    }
}
