package io.ipsecxdp.agent.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NumericChars;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

class AppendOnlyFileTest {

    private Path folder;
    private Path file;

    @BeforeProperty
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory("log");
        file = folder.resolve("lines");
    }

    @AfterProperty
    void removeFolder() throws IOException {
        Files.deleteIfExists(file);
        Files.delete(folder);
    }

    @Property(tries = 50)
    void whatWasAppendedIsRead(
            @ForAll @Size(max = 5) List<@AlphaChars @StringLength(max = 20) String> first,
            @ForAll @Size(max = 5) List<@NumericChars @StringLength(max = 20) String> more)
            throws IOException {
        try (AppendOnlyFile log = AppendOnlyFile.replace(file, first)) {
            log.append(more);
            assertThat(log.length()).isEqualTo(Files.size(file));
        }
        List<String> both = new ArrayList<>(first);
        both.addAll(more);
        assertThat(AppendOnlyFile.read(file)).isEqualTo(new AppendOnlyFile.Content(both, 0));
    }

    @Property(tries = 100)
    void whatACrashCutShortIsAsIfNeverWritten(
            @ForAll @Size(min = 1, max = 6) List<@AlphaChars @StringLength(max = 12) String> lines,
            @ForAll @IntRange(max = 200) int cut)
            throws IOException {
        AppendOnlyFile.replace(file, lines).close();
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, Math.min(cut, bytes.length)));

        AppendOnlyFile.Content read = AppendOnlyFile.read(file);

        assertThat(read.lines()).isEqualTo(lines.subList(0, read.lines().size()));
        assertThat(read.damaged()).isZero();
    }

    @Property(tries = 100)
    void aDamagedLineIsLeftOutAndCountedAndTheOthersStay(
            @ForAll @Size(min = 2, max = 6) List<@AlphaChars @StringLength(min = 1, max = 12) String> lines,
            @ForAll @IntRange(max = 10_000) int where,
            @ForAll @IntRange(min = 1, max = 255) int flipped)
            throws IOException {
        AppendOnlyFile.replace(file, lines).close();
        byte[] bytes = Files.readAllBytes(file);
        int at = where % bytes.length;
        boolean separator = bytes[at] == '\n' || (bytes[at] ^ flipped) == '\n';
        bytes[at] ^= (byte) flipped;
        Files.write(file, bytes);

        AppendOnlyFile.Content read = AppendOnlyFile.read(file);

        assertThat(lines).containsAll(read.lines());
        if (!separator) {
            assertThat(read.damaged()).isEqualTo(1);
            assertThat(read.lines()).hasSize(lines.size() - 1);
        }
    }

    @Property(tries = 1)
    void whatAFailedAppendLeftBehindIsOverwritten() throws IOException {
        try (AppendOnlyFile log = AppendOnlyFile.replace(file, List.of("first"))) {
            Files.writeString(file, Files.readString(file) + "torn");
            log.append(List.of("second"));
        }
        assertThat(AppendOnlyFile.read(file)).isEqualTo(new AppendOnlyFile.Content(List.of("first", "second"), 0));
    }

    @Property(tries = 1)
    void onlyTheOwnerReadsIt() throws IOException {
        AppendOnlyFile.replace(file, List.of("line")).close();
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(AppendOnlyFile.OWNER_ONLY);
    }

    @Property(tries = 1)
    void rewritingKeepsAppendingToTheSameFile() throws IOException {
        try (AppendOnlyFile log = AppendOnlyFile.replace(file, List.of("a", "b", "c"))) {
            log.rewrite(List.of("c"));
            log.append(List.of("d"));
        }
        assertThat(AppendOnlyFile.read(file).lines()).containsExactly("c", "d");
    }
}
