package io.ipsecxdp.agent.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The state folder of one agent. A second agent is kept out. For one thread at a time.
 *
 * <p>All methods throw {@link StateException} if the disk does not do as told; nothing is changed then, here or there.
 */
public final class StateFolder implements DurableState, AutoCloseable {

    private static final int SECRET_BYTES = 32;

    /** Lines about what is long past are thrown away when a file is larger than this, and wastes space. */
    private static final long SMALL_FILE = 256 * 1024;

    /** A file may be so many times as long as what is still true in it: a flush writes each SA twice. */
    private static final int WASTE = 4;

    /** What an agent of a later version wrote besides is no damage: a key that it used stays used. */
    private final ObjectMapper json = new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private final Path folder;
    private final FileChannel lockFile;
    private final String boot;
    private final String secretHex;
    private final FingerprintMac fingerprints;
    private final AppendOnlyFile journalFile;
    private final AppendOnlyFile ledgerFile;
    private final List<String> complaints;
    private Journal journal;
    private KeyLedger ledger;
    private long journalNeeds;
    private long ledgerNeeds;

    /**
     * Opens the folder, or makes it.
     *
     * @param boot what the journal has of another boot is gone from the kernel, and is forgotten
     */
    public static StateFolder open(Path folder, String boot) {
        try {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            FileChannel lock = lock(folder);
            try {
                return new StateFolder(folder, lock, boot);
            } catch (IOException | RuntimeException e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    private StateFolder(Path folder, FileChannel lockFile, String boot) throws IOException {
        this.folder = folder;
        this.lockFile = lockFile;
        this.boot = boot;
        List<String> complaints = new ArrayList<>();

        List<LedgerLine> ledgerLines = lines(folder.resolve("ledger"), LedgerLine.class, complaints);
        byte[] secretBytes = ledgerLines.stream()
                .filter(LedgerLine.Secret.class::isInstance)
                .map(line -> HexFormat.of().parseHex(((LedgerLine.Secret) line).hex()))
                .findFirst()
                .orElseGet(() -> new byte[0]);
        if (secretBytes.length == SECRET_BYTES) {
            this.ledger = KeyLedger.EMPTY.with(ledgerLines.stream()
                    .filter(LedgerLine.Use.class::isInstance)
                    .map(line -> LedgerLine.use((LedgerLine.Use) line))
                    .toList());
        } else {
            if (!ledgerLines.isEmpty()) {
                complaints.add("The key ledger has lost its secret and is begun anew: keys that were used are only "
                        + "known where the API server remembers them.");
            }
            secretBytes = new byte[SECRET_BYTES];
            new SecureRandom().nextBytes(secretBytes);
            this.ledger = KeyLedger.EMPTY;
        }
        this.secretHex = HexFormat.of().formatHex(secretBytes);
        try (KeyMaterial secret = KeyMaterial.takeFrom(secretBytes)) {
            this.fingerprints = FingerprintMac.under(secret);
        }
        this.ledgerFile = AppendOnlyFile.replace(folder.resolve("ledger"), ledgerText());
        this.ledgerNeeds = ledgerFile.length();

        List<JournalLine> journalLines = lines(folder.resolve("journal"), JournalLine.class, complaints);
        boolean sameBoot = journalLines.stream()
                .findFirst()
                .filter(new JournalLine.Boot(boot)::equals)
                .isPresent();
        this.journal = sameBoot
                ? Journal.EMPTY.with(
                        journalLines.stream().skip(1).map(JournalLine::change).toList())
                : Journal.EMPTY;
        this.journalFile = AppendOnlyFile.replace(folder.resolve("journal"), journalText());
        this.journalNeeds = journalFile.length();
        this.complaints = List.copyOf(complaints);
    }

    @Override
    public Journal journal() {
        return journal;
    }

    @Override
    public KeyLedger ledger() {
        return ledger;
    }

    /** Sentences about what was found damaged when the folder was opened. */
    public List<String> complaints() {
        return complaints;
    }

    @Override
    public KeyFingerprint fingerprint(KeyMaterial key) {
        return fingerprints.of(key);
    }

    @Override
    public void write(List<JournalChange> changes) {
        if (changes.isEmpty()) {
            return;
        }
        try {
            Journal next = journal.with(changes);
            journalFile.append(
                    changes.stream().map(JournalLine::of).map(this::text).toList());
            journal = next;
            if (journalFile.length() > Math.max(SMALL_FILE, WASTE * journalNeeds)) {
                journalFile.rewrite(journalText());
                journalNeeds = journalFile.length();
            }
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    @Override
    public void writeKeys(List<KeyUse> all) {
        List<KeyUse> uses = all.stream()
                .filter(use -> !ledger.use(use.key()).equals(Optional.of(use)))
                .toList();
        if (uses.isEmpty()) {
            return;
        }
        try {
            KeyLedger next = ledger.with(uses);
            ledgerFile.append(uses.stream().map(LedgerLine::of).map(this::text).toList());
            ledger = next;
            if (ledgerFile.length() > Math.max(SMALL_FILE, WASTE * ledgerNeeds)) {
                ledgerFile.rewrite(ledgerText());
                ledgerNeeds = ledgerFile.length();
            }
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    @Override
    public void close() {
        try (journalFile;
                ledgerFile;
                lockFile) {
            // Closed in the reverse order
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    private List<String> journalText() {
        List<String> lines = new ArrayList<>();
        lines.add(text(new JournalLine.Boot(boot)));
        journal.asChanges().forEach(change -> lines.add(text(JournalLine.of(change))));
        return lines;
    }

    private List<String> ledgerText() {
        List<String> lines = new ArrayList<>();
        lines.add(text(new LedgerLine.Secret(secretHex)));
        ledger.uses().forEach(use -> lines.add(text(LedgerLine.of(use))));
        return lines;
    }

    private <T> List<T> lines(Path file, Class<T> type, List<String> complaints) throws IOException {
        AppendOnlyFile.Content content = AppendOnlyFile.read(file);
        int unread = content.damaged();
        List<T> lines = new ArrayList<>();
        for (String line : content.lines()) {
            try {
                lines.add(json.readValue(line, type));
            } catch (JsonProcessingException e) {
                unread++;
            }
        }
        if (unread > 0) {
            complaints.add("%d lines of %s are damaged and were left out.".formatted(unread, file));
        }
        return lines;
    }

    private String text(Object line) {
        try {
            return json.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a line of plain values has JSON", e);
        }
    }

    private static FileChannel lock(Path folder) throws IOException {
        FileChannel channel = FileChannel.open(
                folder.resolve("lock"),
                EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(AppendOnlyFile.OWNER_ONLY));
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new OverlappingFileLockException();
            }
            return channel;
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new StateException(
                    "Another agent is using the state folder %s: stop it first, or give this one a folder of its own."
                            .formatted(folder));
        }
    }

    private static StateException failure(Path folder, IOException e) {
        return new StateException(
                "The state folder %s cannot be used, and without it nothing is installed: %s".formatted(folder, e), e);
    }
}
