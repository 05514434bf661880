package io.ipsecxdp.e2e;

import io.fabric8.kubernetes.api.model.Secret;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/** Looks for keys in texts where none may be. */
public final class Leaks {
    private static final int SHORTEST = 16;

    private final List<String> spellings = new ArrayList<>();

    /** @param secrets whose values are keys */
    public Leaks(Collection<Secret> secrets) {
        secrets.stream()
                .flatMap(secret -> secret.getData().values().stream())
                .map(Base64.getDecoder()::decode)
                .filter(key -> key.length >= SHORTEST)
                .forEach(this::spell);
    }

    /** How many spellings it looks for. */
    public int spellings() {
        return spellings.size();
    }

    /** Whether {@code text} has one of the keys, whole or without its salt, in hex or base64. */
    public boolean isIn(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return spellings.stream().anyMatch(lower::contains);
    }

    private void spell(byte[] key) {
        // Of a whole key in whatever notation its first bytes are a part: it is enough to look for those
        byte[] start = java.util.Arrays.copyOf(key, SHORTEST / 3 * 3);
        spellings.add(HexFormat.of().formatHex(start));
        spellings.add(HexFormat.ofDelimiter(":").formatHex(start));
        spellings.add(HexFormat.ofDelimiter(" ").formatHex(start));
        spellings.add(Base64.getEncoder().encodeToString(start).toLowerCase(Locale.ROOT));
        spellings.add(Base64.getUrlEncoder().encodeToString(start).toLowerCase(Locale.ROOT));
        spellings.add(
                java.util.Arrays.toString(start).replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT));
    }
}
