package io.ipsecxdp.crds;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** When the nodes of a tunnel agree new keys. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
        value = "self.interval.matches('" + Rekey.INTERVAL + "') && duration(self.interval) >= duration('2m') && "
                + "duration(self.interval) <= duration('168h')",
        message =
                "rekey.interval must be 2m to 168h, for instance 1h or 90m: until all nodes have new keys takes up to a minute")
@ValidationRule(
        value = "self.volume.matches('" + Rekey.VOLUME
                + "') && quantity(self.volume).compareTo(quantity('64Mi')) >= 0 && "
                + "quantity(self.volume).compareTo(quantity('896Gi')) <= 0",
        message =
                "rekey.volume must be 64Mi to 896Gi for an SA: more is not safe with one key (7/8 of 2^36 blocks of 16 bytes, "
                        + "draft-irtf-cfrg-aead-limits), less would rekey all the time")
public record Rekey(
        @Default("1h")
        @JsonPropertyDescription(
                "How old a key may become, 2m to 168h. All nodes rekey in one window of half a minute.")
        @Size(max = 16)
        String interval,

        @Default("64Gi")
        @JsonPropertyDescription("How much one SA may encrypt with a key, 64Mi to 896Gi bytes.")
        @Size(max = 16)
        String volume,

        @JsonPropertyDescription(
                "Any text, for instance the date. When it changes, all nodes of the tunnel agree new keys at once.")
        @Size(max = 64)
        String request) {

    public static final String DEFAULT_INTERVAL = "1h";
    public static final String DEFAULT_VOLUME = "64Gi";

    /** Hours, minutes, seconds, at least one of them, as Go and CEL write a duration. */
    static final String INTERVAL =
            "^[0-9]{1,3}(h([0-9]{1,4}m)?([0-9]{1,6}s)?|m([0-9]{1,6}s)?|s)$|^[0-9]{4,5}m$|^[0-9]{4,6}s$";

    /** A quantity of Kubernetes without a fraction. */
    static final String VOLUME = "^[1-9][0-9]{0,12}(Mi|Gi|Ti|M|G|T)?$";

    private static final Map<String, Long> SECONDS = Map.of("h", 3600L, "m", 60L, "s", 1L);
    private static final Map<String, Long> BYTES = Map.of(
            "",
            1L,
            "Mi",
            1L << 20,
            "Gi",
            1L << 30,
            "Ti",
            1L << 40,
            "M",
            1_000_000L,
            "G",
            1_000_000_000L,
            "T",
            1_000_000_000_000L);

    public Rekey {
        interval = interval == null ? DEFAULT_INTERVAL : interval;
        volume = volume == null ? DEFAULT_VOLUME : volume;
    }

    /** When nobody says anything else. */
    public static final Rekey DEFAULT = new Rekey(null, null, null);

    /** The interval in seconds; empty if it is none. */
    public OptionalLong intervalSeconds() {
        return interval.matches(INTERVAL)
                ? OptionalLong.of(Pattern.compile("([0-9]+)([hms])")
                        .matcher(interval)
                        .results()
                        .mapToLong(part -> Long.parseLong(part.group(1)) * SECONDS.get(part.group(2)))
                        .sum())
                : OptionalLong.empty();
    }

    /** The volume in bytes; empty if it is none. */
    public OptionalLong volumeBytes() {
        if (!volume.matches(VOLUME)) {
            return OptionalLong.empty();
        }
        String digits = volume.replaceAll("[^0-9]", "");
        return OptionalLong.of(Long.parseLong(digits) * BYTES.get(volume.substring(digits.length())));
    }
}
