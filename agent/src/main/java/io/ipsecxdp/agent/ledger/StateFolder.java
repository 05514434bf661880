package io.ipsecxdp.agent.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The state folder of one agent. A second agent is kept out. For one thread at a time.
 *
 * <p>All methods throw {@link StateException} if the disk does not do as told; nothing is changed then, here or there.
 */
public final class StateFolder implements DurableState, AutoCloseable {

    private static final Logger LOG = Logger.getLogger(StateFolder.class);

    private static final int SECRET_BYTES = 32;

    private static final String DAMAGED = "ledger.damaged-";

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
    private final List<LedgerContent.Later> laterLines;
    private final Optional<Instant> lost;
    private Journal journal;
    private KeyLedger ledger;
    private long journalNeeds;
    private long ledgerNeeds;

    /** Opens the folder, or makes it, by the clock of the system. */
    public static StateFolder open(Path folder, String boot) {
        return open(folder, boot, Clock.systemUTC());
    }

    /**
     * Opens the folder, or makes it.
     *
     * @param boot what the journal has of another boot is gone from the kernel, and is forgotten
     */
    static StateFolder open(Path folder, String boot, Clock clock) {
        try {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            FileChannel lock = lock(folder);
            try {
                return new StateFolder(folder, lock, boot, clock);
            } catch (IOException | RuntimeException e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    private StateFolder(Path folder, FileChannel lockFile, String boot, Clock clock) throws IOException {
        this.folder = folder;
        this.lockFile = lockFile;
        this.boot = boot;
        List<String> complaints = new ArrayList<>();

        Path ledgerPath = folder.resolve("ledger");
        boolean isNew = Files.notExists(ledgerPath);
        LedgerContent content = LedgerContent.of(AppendOnlyFile.read(ledgerPath), json);
        KeyLedger known = KeyLedger.EMPTY.with(content.secret().isPresent() ? content.uses() : List.of());
        boolean damaged = !isNew && content.isDamaged();
        if (damaged) {
            Path aside = setAside(ledgerPath, clock);
            complaints.add("The key ledger %s is damaged and is kept as %s.".formatted(ledgerPath, aside));
        }
        this.ledger = damaged ? known.damaged() : known;
        this.lost = damaged
                ? Optional.of(clock.instant().truncatedTo(ChronoUnit.SECONDS))
                : content.lost().map(Instant::ofEpochSecond);
        this.laterLines = content.later();
        byte[] secretBytes = content.secret().map(HexFormat.of()::parseHex).orElseGet(StateFolder::newSecret);
        this.secretHex = HexFormat.of().formatHex(secretBytes);
        try (KeyMaterial secret = KeyMaterial.takeFrom(secretBytes)) {
            this.fingerprints = FingerprintMac.under(secret);
        }
        this.ledgerFile = AppendOnlyFile.replace(ledgerPath, ledgerText());
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

    /** What tells this ledger from another one, and from what is left of a damaged one. */
    public String identity() {
        byte[] text = "ledger %s".formatted(lost).getBytes(StandardCharsets.UTF_8);
        try (KeyMaterial name = KeyMaterial.takeFrom(text)) {
            return fingerprint(name).hex();
        }
    }

    /** Sentences about what was found damaged when the folder was opened. */
    public List<String> complaints() {
        return complaints;
    }

    @Override
    public KeyFingerprint fingerprint(KeyMaterial key) {
        return fingerprints.of(key);
    }

    /**
     * The same of a key that comes from a Secret. Where the ledger succeeds one that was damaged, a key from a Secret that
     * is not younger may have been used before, and the ledger takes note of that.
     *
     * @param made when the Secret was, by the API server's clock, if known
     */
    public KeyFingerprint fingerprint(KeyMaterial key, Optional<Instant> made) {
        KeyFingerprint fingerprint = fingerprint(key);
        boolean mayBeUsed =
                lost.filter(since -> made.filter(since::isBefore).isEmpty()).isPresent();
        if (mayBeUsed) {
            ledger = ledger.mistrusting(fingerprint);
        }
        return fingerprint;
    }

    /** A sentence with the remedy, as long as a damaged ledger lies here; to be asked on every report. */
    public Optional<String> damagedLedger() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(DAMAGED))
                    .max(Comparator.naturalOrder())
                    .map(name ->
                            "The key ledger of this node was damaged, and is kept as %s: no SA is installed, to send or with a replay window, with a key whose Secret is older than that. Declare such SAs anew, with new SPIs and new Secrets, then delete the file."
                                    .formatted(folder.resolve(name)));
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    private static Path setAside(Path ledger, Clock clock) throws IOException {
        Path aside = ledger.resolveSibling(DAMAGED + clock.instant().toString().replace(":", ""));
        Files.copy(ledger, aside, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
        return aside;
    }

    private static byte[] newSecret() {
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        return secret;
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
        } catch (IOException e) {
            throw failure(folder, e);
        }
        journalNeeds = compacted(journalFile, journalNeeds, this::journalText);
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
        } catch (IOException e) {
            throw failure(folder, e);
        }
        ledgerNeeds = compacted(ledgerFile, ledgerNeeds, this::ledgerText);
    }

    @Override
    public void forgetKeys(List<KeyUse> uses) {
        if (!uses.isEmpty()) {
            ledger = ledger.without(uses);
        }
    }

    /** As well as the disk lets it: what was to be written is in the file already. */
    private static long compacted(AppendOnlyFile file, long needs, Supplier<List<String>> text) {
        if (file.length() <= Math.max(SMALL_FILE, WASTE * needs)) {
            return needs;
        }
        try {
            file.rewrite(text.get());
        } catch (IOException e) {
            LOG.warnf(
                    "A file of the state folder could not be made shorter, and is tried again when it is larger: %s",
                    e);
        }
        return file.length();
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
        lost.ifPresent(since -> lines.add(text(new LedgerLine.Lost(since.getEpochSecond()))));
        laterLines.forEach(later -> lines.add(later.text()));
        Set<KeyUse> said =
                laterLines.stream().flatMap(later -> later.use().stream()).collect(Collectors.toSet());
        ledger.uses().stream().filter(use -> !said.contains(use)).forEach(use -> lines.add(text(LedgerLine.of(use))));
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
