package io.ipsecxdp.agent.peers;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ipsecxdp.agent.tunnel.GenerationStore;
import io.ipsecxdp.agent.tunnel.Inherited;
import io.ipsecxdp.agent.tunnel.PrivateValues;
import io.ipsecxdp.agent.tunnel.PrivateValues.PresharedKeyName;
import io.ipsecxdp.agent.tunnel.TunnelMemory;
import io.ipsecxdp.xfrm.KeyMaterial;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * A folder in memory: so a boot forgets what is in it, and a disk never had it. Two files: {@code private} with the private
 * values, as bytes alone and never as text; {@code memory} with what need not be secret. One that is of another boot is as
 * none. One that was made beside another key ledger is {@link Inherited}: of a key that the ledger does not know it is not known
 * whether it was used.
 */
public final class TmpfsStore implements GenerationStore, AutoCloseable {

    private static final Logger LOG = Logger.getLogger(TmpfsStore.class);

    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");

    /** Of a pre-shared key, before tunnel and version. */
    private static final String PRESHARED = "psk ";

    private static final int LONGEST = 1 << 20;

    private final ObjectMapper json = new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private final Path folder;
    private final StoredMemory.Place place;
    private final PrivateValues values;
    private final Optional<String> complaint;
    private Content content = Content.NONE;
    private Set<String> kept = Set.of();

    /**
     * Reads what is there.
     *
     * @param boot of this node
     * @param ledger what tells the key ledger from another one
     */
    public TmpfsStore(Path folder, String boot, String ledger) {
        this(folder, boot, ledger, new PrivateValues());
    }

    /** @param values to which those that are read are added; closed with this */
    public TmpfsStore(Path folder, String boot, String ledger, PrivateValues values) {
        this.values = values;
        this.folder = folder;
        this.place = new StoredMemory.Place(boot, ledger);
        this.complaint = open();
    }

    /** A sentence about why nothing is kept here. */
    public Optional<String> complaint() {
        return complaint;
    }

    private Optional<String> open() {
        try {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            String type = Files.getFileStore(folder).type();
            if (!IN_MEMORY.contains(type)) {
                return Optional.of(
                        "The folder %s is on %s and not in memory (tmpfs), so that private values are not kept there: each start of the agent makes new keys. Mount a tmpfs there, or name another folder (IPSEC_XDP_AGENT_RUNTIME_DIR)."
                                .formatted(folder, type));
            }
        } catch (IOException e) {
            return Optional.of(
                    "The folder %s cannot be used, so that private values are not kept there: each start of the agent makes new keys. %s"
                            .formatted(folder, e));
        }
        try {
            load();
        } catch (IOException | RuntimeException e) {
            // Its text may be of the file
            LOG.warnf(
                    "what is kept in %s cannot be read, and new keys are made (%s)",
                    folder, e.getClass().getSimpleName());
        }
        return Optional.empty();
    }

    private void load() throws IOException {
        Map<String, KeyMaterial> secrets = new HashMap<>();
        Optional<Content> read = Files.exists(memoryFile())
                ? json.readValue(memoryFile().toFile(), StoredMemory.class).at(place)
                : Optional.empty();
        if (read.isEmpty()) {
            wipe(secretFile());
            return;
        }
        readSecrets(secrets);
        secrets.forEach((name, value) -> {
            if (name.startsWith(PRESHARED)) {
                String[] parts = name.substring(PRESHARED.length()).split(" ", 2);
                values.addPresharedKey(new PresharedKeyName(parts[0], parts[1]), value);
            } else {
                values.add(name, value);
            }
        });
        TunnelMemory memory = read.get().memory();
        content = new Content(
                new TunnelMemory(
                        memory.generations().stream()
                                .filter(own -> values.has(own.publicKey()))
                                .toList(),
                        memory.cpus(),
                        memory.newest(),
                        memory.unwanted()),
                read.get().answered(),
                read.get().inherited());
        kept = names();
    }

    @Override
    public Content content() {
        return content;
    }

    @Override
    public PrivateValues values() {
        return values;
    }

    @Override
    public void write(Content next) {
        if (complaint.isPresent()) {
            return;
        }
        Set<String> names = names();
        boolean sameSecrets = names.equals(kept);
        if (sameSecrets && next.equals(content)) {
            return;
        }
        try {
            // A generation is remembered once its private value is kept, and not kept once it is not remembered
            if (!sameSecrets) {
                replace(secretFile(), secrets());
                kept = names;
            }
            replace(memoryFile(), json.writeValueAsBytes(StoredMemory.of(next, place)));
            content = next;
        } catch (IOException e) {
            throw new IllegalStateException("The folder %s cannot be written: %s".formatted(folder, e.getMessage()), e);
        }
    }

    /**
     * Nothing is kept, and nothing is left.
     *
     * @throws IOException if the folder does not do as told
     */
    public void forget() throws IOException {
        wipe(secretFile());
        Files.deleteIfExists(memoryFile());
    }

    @Override
    public void close() {
        values.close();
    }

    private Set<String> names() {
        return Set.copyOf(named().keySet());
    }

    private Map<String, KeyMaterial> named() {
        Map<String, KeyMaterial> named = new HashMap<>(values.all());
        values.allPresharedKeys()
                .forEach((name, key) -> named.put(PRESHARED + name.tunnel() + " " + name.version(), key));
        return named;
    }

    private Path secretFile() {
        return folder.resolve("private");
    }

    private Path memoryFile() {
        return folder.resolve("memory");
    }

    /** Each as the length and the bytes of its name, the length and the bytes of the value. */
    private byte[] secrets() {
        Map<String, KeyMaterial> named = named();
        int length = named.entrySet().stream()
                .mapToInt(entry -> 2 * Integer.BYTES
                        + entry.getKey().getBytes(StandardCharsets.UTF_8).length
                        + entry.getValue().length())
                .sum();
        ByteBuffer all = ByteBuffer.allocate(length);
        named.forEach((name, value) -> {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            all.putInt(bytes.length).put(bytes).putInt(value.length());
            value.writeTo(all);
        });
        return all.array();
    }

    private void readSecrets(Map<String, KeyMaterial> secrets) throws IOException {
        byte[] all;
        try {
            all = Files.readAllBytes(secretFile());
        } catch (NoSuchFileException e) {
            return;
        }
        try {
            ByteBuffer bytes = ByteBuffer.wrap(all);
            while (bytes.hasRemaining()) {
                String name = new String(next(bytes), StandardCharsets.UTF_8);
                secrets.put(name, KeyMaterial.takeFrom(next(bytes)));
            }
        } finally {
            Arrays.fill(all, (byte) 0);
        }
    }

    private static byte[] next(ByteBuffer from) throws IOException {
        try {
            int length = from.getInt();
            if (length < 0 || length > LONGEST) {
                throw new IOException("a length is wrong");
            }
            byte[] bytes = new byte[length];
            from.get(bytes);
            return bytes;
        } catch (BufferUnderflowException e) {
            throw new IOException("the file is cut short", e);
        }
    }

    /** In one step; the bytes are zero afterwards, and what the file had before is overwritten. */
    private static void replace(Path file, byte[] content) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.deleteIfExists(next);
            Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(next, content);
            if (Files.notExists(file)) {
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
                return;
            }
            try (FileChannel before = FileChannel.open(file, StandardOpenOption.WRITE)) {
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
                zero(before, before.size());
            }
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    private static void wipe(Path file) throws IOException {
        if (Files.exists(file)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                zero(channel, channel.size());
            }
            Files.delete(file);
        }
    }

    private static void zero(FileChannel channel, long length) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocate((int) length);
        channel.position(0);
        while (zeros.hasRemaining()) {
            channel.write(zeros);
        }
    }
}
