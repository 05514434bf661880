package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OutcomeTest {
    private static final Pattern IN_C = Pattern.compile("X\\((\\d+), (\\w+)\\)");
    private static final Pattern SLOTS = Pattern.compile("#define OUTCOME_SLOTS (\\d+)");

    @Test
    void theListIsTheOneOfTheProgram() throws IOException {
        var inC = IN_C.matcher(header())
                .results()
                .collect(
                        Collectors.toMap(m -> Integer.valueOf(m.group(1)), m -> m.group(2), (a, b) -> a + " and " + b));
        var inJava = Arrays.stream(Outcome.values()).collect(Collectors.toMap(Outcome::number, Outcome::name));
        assertThat(inJava).isEqualTo(inC).isNotEmpty();
    }

    /** What was ever released is written here and never taken out: a number keeps its meaning for good. */
    @Test
    void noNumberThatWasReleasedHasChangedItsMeaning() {
        var released = new TreeMap<>(Map.ofEntries(
                Map.entry(0, "NOT_ESP"),
                Map.entry(1, "MALFORMED"),
                Map.entry(2, "FRAGMENT"),
                Map.entry(3, "EXTENSION_HEADER"),
                Map.entry(4, "NAT_KEEPALIVE"),
                Map.entry(5, "NON_ESP_MARKER"),
                Map.entry(6, "OWNER"),
                Map.entry(7, "HASHED_NO_OWNER"),
                Map.entry(8, "HASHED_NO_OWNER_FIELD"),
                Map.entry(9, "HASHED_NO_LOOKUP"),
                Map.entry(10, "OWNER_OUTSIDE_POLICY"),
                Map.entry(11, "HASH_CPU_MISSING"),
                Map.entry(12, "SA_UNKNOWN"),
                Map.entry(13, "LOOKUP_EINVAL"),
                Map.entry(14, "LOOKUP_ENONET"),
                Map.entry(15, "LOOKUP_FAILED"),
                Map.entry(16, "OWNER_TOLD"),
                Map.entry(17, "FIXED"),
                Map.entry(18, "FIXED_CPU_MISSING"),
                Map.entry(19, "HASHED"),
                Map.entry(20, "SA_UNKNOWN_DROPPED")));
        var now = Arrays.stream(Outcome.values()).collect(Collectors.toMap(Outcome::number, Outcome::name));
        assertThat(now).containsAllEntriesOf(released);
    }

    @Test
    void allButTheseAreOfIpsec() {
        assertThat(Arrays.stream(Outcome.values()).filter(outcome -> !outcome.isIpsec()))
                .containsExactlyInAnyOrder(
                        Outcome.NOT_ESP,
                        Outcome.MALFORMED,
                        Outcome.FRAGMENT,
                        Outcome.EXTENSION_HEADER,
                        Outcome.NAT_KEEPALIVE,
                        Outcome.NON_ESP_MARKER);
    }

    /** Whoever steers or drops a packet knows that it is one of IPsec. */
    @Test
    void nothingElseIsSteeredOrDropped() {
        assertThat(Outcome.values())
                .filteredOn(outcome -> outcome.steered() || outcome.dropped())
                .isNotEmpty()
                .allMatch(Outcome::isIpsec);
    }

    @Test
    void everyNumberHasItsSlotInTheCounters() throws IOException {
        var slots = SLOTS.matcher(header());
        assertThat(slots.find()).isTrue();
        assertThat(Outcome.values())
                .allSatisfy(o -> assertThat(o.number()).isBetween(0, Integer.parseInt(slots.group(1)) - 1));
    }

    private static String header() throws IOException {
        return Files.readString(Compiled.SOURCES.resolve("outcomes.h"));
    }
}
