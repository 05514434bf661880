package io.ipsecxdp.agent.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipsecxdp.xfrm.Addresses;
import io.ipsecxdp.xfrm.IpProtocol;
import io.ipsecxdp.xfrm.KeyMaterial;
import io.ipsecxdp.xfrm.PolicyDir;
import io.ipsecxdp.xfrm.PolicyId;
import io.ipsecxdp.xfrm.PortMatch;
import io.ipsecxdp.xfrm.SaDir;
import io.ipsecxdp.xfrm.SaId;
import io.ipsecxdp.xfrm.XfrmSelector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFolderTest {

    private static final KeyFingerprint KEY = new KeyFingerprint("ab".repeat(32));

    private static final OwnedSa SA = new OwnedSa(
            SaId.esp(Addresses.ip("fd00::2"), 0xfedc_ba98L),
            Addresses.ip("fd00::1"),
            0x1000_0001L,
            SaDir.OUT,
            Origin.of("uid"),
            "name",
            "slice",
            Optional.of(KEY),
            new InstallTime(Optional.of(Instant.ofEpochSecond(1_800_000_000)), Optional.empty()));

    private static final OwnedPolicy POLICY = new OwnedPolicy(
            PolicyId.of(
                    PolicyDir.FORWARD,
                    XfrmSelector.between(Addresses.prefix("10.1.0.0/16"), Addresses.prefix("10.2.0.0/16"))
                            .with(new IpProtocol(6), PortMatch.ANY, PortMatch.exactly(443))),
            Origin.of("uid2"),
            "name2",
            "slice2",
            InstallTime.asked(Instant.ofEpochSecond(1_800_000_001)));

    private static final OwnedPolicy SLOW = new OwnedPolicy(
            POLICY.id(),
            new Origin("uid3", "child"),
            "name3",
            "slice3",
            POLICY.installTime().answered(Instant.ofEpochSecond(1_800_000_060)));

    private static final OwnedInterface INTERFACE = new OwnedInterface("eth0", "steer", "slice");

    private static final List<JournalChange> EVERYTHING = List.of(
            new JournalChange.OwnSa(SA),
            new JournalChange.OwnPolicy(POLICY),
            new JournalChange.OwnInterface(INTERFACE));

    private static final KeyUse USE =
            new KeyUse(KEY, new Origin("uid", "child"), "name", SaDir.OUT, true, new KeyUse.Ended(0xffff_ffff_fff0L));

    @TempDir
    private Path parent;

    private Path folder;

    @BeforeEach
    void name() {
        folder = parent.resolve("state");
    }

    @Test
    void whatIsWrittenDownSurvives() {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.write(EVERYTHING);
            state.writeKeys(List.of(USE.with(new KeyUse.Open()), USE));
        }
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            assertThat(state.journal()).isEqualTo(Journal.EMPTY.with(EVERYTHING));
            assertThat(state.ledger().uses()).containsExactly(USE);
            assertThat(state.complaints()).isEmpty();
        }
    }

    @Test
    void howLongTheKernelTookIsWrittenDown() {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.write(List.of(new JournalChange.OwnPolicy(SLOW)));
        }
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            assertThat(state.journal().policies()).containsValue(SLOW);
        }
    }

    @Test
    void whatIsDisownedIsGone() {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.write(EVERYTHING);
            state.write(List.of(
                    new JournalChange.DisownSa(SA.id()),
                    new JournalChange.DisownPolicy(POLICY.id()),
                    new JournalChange.DisownInterface("eth0")));
        }
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            assertThat(state.journal()).isEqualTo(Journal.EMPTY);
        }
    }

    @Test
    void aBootForgetsTheJournalAndKeepsTheLedger() {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.write(EVERYTHING);
            state.writeKeys(List.of(USE));
        }
        try (StateFolder state = StateFolder.open(folder, "another boot")) {
            assertThat(state.journal()).isEqualTo(Journal.EMPTY);
            assertThat(state.ledger().uses()).containsExactly(USE);
        }
    }

    @Test
    void aKeyHasTheSameFingerprintForEverAndAnotherInAnotherFolder() {
        KeyFingerprint before;
        try (StateFolder state = StateFolder.open(folder, "boot");
                KeyMaterial key = KeyMaterial.takeFrom(new byte[20])) {
            before = state.fingerprint(key);
        }
        try (StateFolder same = StateFolder.open(folder, "boot");
                StateFolder other = StateFolder.open(parent.resolve("other"), "boot");
                KeyMaterial key = KeyMaterial.takeFrom(new byte[20])) {
            assertThat(same.fingerprint(key)).isEqualTo(before);
            assertThat(other.fingerprint(key)).isNotEqualTo(before);
        }
    }

    @Test
    void nobodyElseReadsIt() throws IOException {
        StateFolder.open(folder, "boot").close();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                .isEqualTo("rwx------");
        try (var files = Files.list(folder)) {
            assertThat(files)
                    .isNotEmpty()
                    .allSatisfy(file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                            .isEqualTo("rw-------"));
        }
    }

    @Test
    void aSecondAgentIsKeptOut() {
        try (StateFolder first = StateFolder.open(folder, "boot")) {
            assertThat(first.journal()).isEqualTo(Journal.EMPTY);
            assertThatThrownBy(() -> StateFolder.open(folder, "boot"))
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining("stop it first");
        }
        StateFolder.open(folder, "boot").close();
    }

    @Test
    void damageIsSaidAndTheRestIsKept() throws IOException {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.write(EVERYTHING);
            state.writeKeys(List.of(USE));
        }
        Path journal = folder.resolve("journal");
        Files.writeString(journal, Files.readString(journal).replace("name2", "nameX"));
        Files.writeString(folder.resolve("ledger"), "00000000 half a li", StandardOpenOption.APPEND);

        try (StateFolder state = StateFolder.open(folder, "boot")) {
            assertThat(state.complaints()).singleElement().asString().contains("1 lines", "journal");
            assertThat(state.journal().sas()).hasSize(1);
            assertThat(state.journal().policies()).isEmpty();
            assertThat(state.ledger().uses()).containsExactly(USE);
        }
    }

    @Test
    void whatALaterVersionWroteBesidesIsPassedOver() throws IOException {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.writeKeys(List.of(USE));
        }
        Path ledger = folder.resolve("ledger");
        List<String> lines = AppendOnlyFile.read(ledger).lines();
        String later = lines.getLast().replaceFirst("}$", ",\"later\":1}");
        AppendOnlyFile.replace(ledger, List.of(lines.getFirst(), later)).close();

        try (StateFolder state = StateFolder.open(folder, "boot")) {
            assertThat(state.complaints()).isEmpty();
            assertThat(state.ledger().uses()).containsExactly(USE);
        }
    }

    @Test
    void linesOfALaterVersionAreKeptWordForWordAndTheirKeysAreInUse() throws IOException {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.writeKeys(List.of(USE));
        }
        Path ledger = folder.resolve("ledger");
        List<String> lines = AppendOnlyFile.read(ledger).lines();
        List<String> later = List.of(
                "{\"line\":\"epoch\",\"number\":7}",
                lines.getLast().replace("ENDED", "PAUSED").replace("abab", "cdcd"),
                "{\"line\":\"derived\",\"key\":\"%s\",\"uid\":\"of a tunnel\"}".formatted("ef".repeat(32)));
        AppendOnlyFile.replace(
                        ledger, Stream.concat(lines.stream(), later.stream()).toList())
                .close();

        for (int restarts = 0; restarts < 2; restarts++) {
            try (StateFolder state = StateFolder.open(folder, "boot")) {
                assertThat(state.complaints()).isEmpty();
                assertThat(state.ledger().uses())
                        .hasSize(3)
                        .contains(USE)
                        .filteredOn(use -> !use.equals(USE))
                        .allMatch(use -> use.progress() instanceof KeyUse.Open);
            }
            assertThat(AppendOnlyFile.read(ledger).lines()).hasSize(5).containsAll(later);
        }
    }

    @Test
    void whatThisVersionWritesOfAKeyHoldsWhateverALaterOneSaid() throws IOException {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.writeKeys(List.of(USE));
        }
        Path ledger = folder.resolve("ledger");
        List<String> lines = AppendOnlyFile.read(ledger).lines();
        AppendOnlyFile.replace(ledger, List.of(lines.getFirst(), lines.getLast().replace("ENDED", "PAUSED")))
                .close();
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.writeKeys(List.of(USE));
        }

        StateFolder.open(folder, "boot").close();
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            assertThat(state.ledger().uses()).containsExactly(USE);
        }
    }

    @Test
    void linesWithoutAChildAreOfAnObjectThatHasOneEntry() throws IOException {
        StateFolder.open(folder, "boot").close();
        String key = "ab".repeat(32);
        AppendOnlyFile.replace(
                        folder.resolve("ledger"),
                        List.of(
                                "{\"line\":\"secret\",\"hex\":\"%s\"}".formatted("01".repeat(32)),
                                "{\"line\":\"use\",\"key\":\"%s\",\"uid\":\"u\",\"name\":\"n\",\"direction\":\"OUT\",\"stage\":\"OPEN\"}"
                                        .formatted(key)))
                .close();
        AppendOnlyFile.replace(
                        folder.resolve("journal"),
                        List.of(
                                "{\"line\":\"boot\",\"boot\":\"boot\"}",
                                "{\"line\":\"sa\",\"destination\":\"10.0.0.2\",\"spi\":4096,\"source\":\"10.0.0.1\",\"reqid\":7,\"direction\":\"OUT\",\"uid\":\"u\",\"name\":\"n\",\"slice\":\"s\",\"key\":\"%s\",\"added\":1800000000}"
                                        .formatted(key),
                                "{\"line\":\"policy\",\"place\":{\"direction\":\"OUT\",\"source\":\"10.1.0.0\",\"sourceLength\":16,\"destination\":\"10.2.0.0\",\"destinationLength\":16,\"protocol\":0,\"sourcePort\":{\"port\":0,\"mask\":0},\"destinationPort\":{\"port\":0,\"mask\":0}},\"uid\":\"p\",\"name\":\"n\",\"slice\":\"s\",\"added\":1800000000}"))
                .close();

        try (StateFolder state = StateFolder.open(folder, "boot")) {
            assertThat(state.complaints()).isEmpty();
            assertThat(state.ledger().hasUsed(Origin.of("u"))).isTrue();
            assertThat(state.journal().sas().values())
                    .extracting(OwnedSa::origin)
                    .containsExactly(Origin.of("u"));
            assertThat(state.journal().policies().values())
                    .extracting(OwnedPolicy::origin)
                    .containsExactly(Origin.of("p"));
        }
    }

    @Nested
    class ADamagedLedger {

        private static final Instant DAMAGED = Instant.parse("2026-01-01T00:00:00Z");
        private static final Clock CLOCK = Clock.fixed(DAMAGED, ZoneOffset.UTC);

        private final KeyUse other = new KeyUse(
                new KeyFingerprint("12".repeat(32)), Origin.of("uid7"), "name7", SaDir.OUT, false, new KeyUse.Ended(5));

        private KeyLedger.Verdict verdict(StateFolder state, SaDir direction, Optional<Instant> made) {
            try (KeyMaterial key = KeyMaterial.random(20)) {
                KeyFingerprint fingerprint = state.fingerprint(key, made);
                return state.ledger()
                        .verdict(
                                new KeyLedger.Candidate(Origin.of("a uid"), direction, true, direction == SaDir.OUT),
                                fingerprint,
                                false);
            }
        }

        private void damage(String from, String to) throws IOException {
            Path ledger = folder.resolve("ledger");
            Files.writeString(ledger, Files.readString(ledger).replaceFirst(from, to));
        }

        @BeforeEach
        void isThere() throws IOException {
            try (StateFolder state = StateFolder.open(folder, "boot")) {
                state.writeKeys(List.of(USE, other));
            }
            damage("\"uid\":\"uid7\"", "\"uid\":\"uid8\"");
        }

        @Test
        void isKeptAsideAndSaid() throws IOException {
            String before = Files.readString(folder.resolve("ledger"));

            try (StateFolder state = StateFolder.open(folder, "boot", CLOCK)) {
                Path aside = folder.resolve("ledger.damaged-2026-01-01T000000Z");
                assertThat(aside).hasContent(before);
                assertThat(state.complaints()).singleElement().asString().contains(aside.toString());
                assertThat(state.damagedLedger())
                        .hasValueSatisfying(sentence ->
                                assertThat(sentence).contains(aside.toString(), "new Secrets", "delete the file"));
                Files.delete(aside);
                assertThat(state.damagedLedger()).isEmpty();
            }
        }

        /** Of each key that is in it still, the line that is lost may have said more. */
        @Test
        void saysNoMoreHowFarAKeyCame() {
            try (StateFolder state = StateFolder.open(folder, "boot", CLOCK)) {
                assertThat(state.ledger().uses()).containsExactly(USE.with(new KeyUse.Open()));
            }
        }

        @Test
        void makesNoKeyFreshForSendingUnlessItsSecretIsYounger() {
            for (int restarts = 0; restarts < 3; restarts++) {
                try (StateFolder state = StateFolder.open(folder, "boot", CLOCK)) {
                    assertThat(verdict(state, SaDir.OUT, Optional.empty())).isEqualTo(new KeyLedger.AtRisk());
                    assertThat(verdict(state, SaDir.OUT, Optional.of(DAMAGED))).isEqualTo(new KeyLedger.AtRisk());
                    assertThat(verdict(state, SaDir.OUT, Optional.of(DAMAGED.plusSeconds(1))))
                            .isEqualTo(new KeyLedger.Allowed(0));
                    assertThat(verdict(state, SaDir.IN, Optional.empty())).isEqualTo(new KeyLedger.Allowed(0));
                }
            }
        }

        @Test
        void isOneWithoutItsSecretToo() throws IOException {
            damage("secret", "sacred");

            try (StateFolder state = StateFolder.open(folder, "boot", CLOCK)) {
                assertThat(state.ledger().uses()).isEmpty();
                assertThat(verdict(state, SaDir.OUT, Optional.empty())).isEqualTo(new KeyLedger.AtRisk());
            }
        }

        @Test
        void isOneThatIsEmptyToo() throws IOException {
            Files.writeString(folder.resolve("ledger"), "");

            try (StateFolder state = StateFolder.open(folder, "boot", CLOCK)) {
                assertThat(verdict(state, SaDir.OUT, Optional.empty())).isEqualTo(new KeyLedger.AtRisk());
            }
        }

        @Test
        void isNoneThatWasNeverThere() {
            try (StateFolder state = StateFolder.open(parent.resolve("new"), "boot", CLOCK)) {
                assertThat(state.damagedLedger()).isEmpty();
                assertThat(verdict(state, SaDir.OUT, Optional.empty())).isEqualTo(new KeyLedger.Allowed(0));
            }
        }
    }

    @Test
    void whatIsWrittenIsWrittenAlsoWhereTheFileCannotBeMadeShorter() throws IOException {
        Path inTheWay = folder.resolve("journal.new");
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            Files.createDirectories(inTheWay.resolve("something"));
            for (int i = 0; i < 1000; i++) {
                state.write(List.of(new JournalChange.OwnSa(SA), new JournalChange.DisownSa(SA.id())));
            }
            state.write(EVERYTHING);
            assertThat(Files.size(folder.resolve("journal"))).isGreaterThan(256 * 1024);
        }
        Files.delete(inTheWay.resolve("something"));
        Files.delete(inTheWay);

        try (StateFolder state = StateFolder.open(folder, "boot")) {
            assertThat(state.journal()).isEqualTo(Journal.EMPTY.with(EVERYTHING));
        }
    }

    @Test
    void aFolderThatCannotBeUsedIsSaidInASentence() throws IOException {
        Files.writeString(folder, "a file");

        assertThatThrownBy(() -> StateFolder.open(folder, "boot"))
                .isInstanceOf(StateException.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContaining("nothing is installed");
    }

    @Test
    void doesNotGrowWithWhatIsLongPast() throws IOException {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            for (int i = 0; i < 3000; i++) {
                state.write(List.of(new JournalChange.OwnSa(SA), new JournalChange.DisownSa(SA.id())));
            }
            assertThat(Files.size(folder.resolve("journal"))).isLessThan(512 * 1024);
        }
    }
}
