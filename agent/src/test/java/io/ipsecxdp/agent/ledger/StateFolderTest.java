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
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFolderTest {

    private static final KeyFingerprint KEY = new KeyFingerprint("ab".repeat(32));

    private static final OwnedSa SA = new OwnedSa(
            SaId.esp(Addresses.ip("fd00::2"), 0xfedc_ba98L),
            Addresses.ip("fd00::1"),
            0x1000_0001L,
            SaDir.OUT,
            "uid",
            "name",
            "slice",
            Optional.of(KEY),
            new InstallTime(Optional.of(Instant.ofEpochSecond(1_800_000_000)), Optional.empty()));

    private static final OwnedPolicy POLICY = new OwnedPolicy(
            PolicyId.of(
                    PolicyDir.FORWARD,
                    XfrmSelector.between(Addresses.prefix("10.1.0.0/16"), Addresses.prefix("10.2.0.0/16"))
                            .with(new IpProtocol(6), PortMatch.ANY, PortMatch.exactly(443))),
            "uid2",
            "name2",
            "slice2",
            InstallTime.asked(Instant.ofEpochSecond(1_800_000_001)));

    private static final OwnedPolicy SLOW = new OwnedPolicy(
            POLICY.id(),
            "uid3",
            "name3",
            "slice3",
            POLICY.installTime().answered(Instant.ofEpochSecond(1_800_000_060)));

    private static final OwnedInterface INTERFACE = new OwnedInterface("eth0", "steer", "slice");

    private static final List<JournalChange> EVERYTHING = List.of(
            new JournalChange.OwnSa(SA),
            new JournalChange.OwnPolicy(POLICY),
            new JournalChange.OwnInterface(INTERFACE));

    private static final KeyUse USE =
            new KeyUse(KEY, "uid", "name", SaDir.OUT, true, new KeyUse.Ended(0xffff_ffff_fff0L));

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
    void aLedgerWithoutItsSecretIsBegunAnewAndSaysSo() throws IOException {
        try (StateFolder state = StateFolder.open(folder, "boot")) {
            state.writeKeys(List.of(USE));
        }
        Path ledger = folder.resolve("ledger");
        Files.writeString(ledger, Files.readString(ledger).replaceFirst("secret", "sacred"));

        try (StateFolder state = StateFolder.open(folder, "boot")) {
            assertThat(state.ledger().uses()).isEmpty();
            assertThat(state.complaints())
                    .anySatisfy(sentence -> assertThat(sentence).contains("lost its secret"));
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
