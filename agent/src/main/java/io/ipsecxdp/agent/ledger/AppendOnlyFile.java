package io.ipsecxdp.agent.ledger;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * A file of lines that grows at its end, each with a checksum. What was synced survives a crash; a line that a crash cut
 * short is as if never written. Not for use by several threads.
 */
final class AppendOnlyFile implements AutoCloseable {

    static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private static final int CHECKSUM_DIGITS = 8;

    private final Path path;
    private FileChannel channel;
    private long length;
    /** Behind the last sound line is what an append left that failed. */
    private boolean cutShort;

    private AppendOnlyFile(Path path, FileChannel channel, long length) {
        this.path = path;
        this.channel = channel;
        this.length = length;
    }

    /**
     * What a file held.
     *
     * @param damaged complete lines that do not fit their checksum, and were left out
     */
    record Content(List<String> lines, int damaged) {}

    /** Empty if there is no such file. */
    static Content read(Path path) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            return new Content(List.of(), 0);
        }
        List<String> lines = new ArrayList<>();
        int damaged = 0;
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                String line = new String(bytes, start, i - start, StandardCharsets.UTF_8);
                if (isSound(line)) {
                    lines.add(line.substring(CHECKSUM_DIGITS + 1));
                } else {
                    damaged++;
                }
                start = i + 1;
            }
        }
        return new Content(List.copyOf(lines), damaged);
    }

    /** Puts a file with these lines in the place of the former one, in one step, and opens it to be appended to. */
    static AppendOnlyFile replace(Path path, List<String> lines) throws IOException {
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        FileChannel channel = FileChannel.open(
                fresh,
                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        try {
            byte[] content = encode(lines);
            writeAll(channel, content, 0);
            channel.force(true);
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
            syncFolder(path.getParent());
            return new AppendOnlyFile(path, channel, content.length);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Appends and syncs to disk; on failure the file is as before. */
    void append(List<String> lines) throws IOException {
        byte[] more = encode(lines);
        if (cutShort) {
            channel.truncate(length);
        }
        cutShort = true;
        writeAll(channel, more, length);
        channel.force(false);
        cutShort = false;
        length += more.length;
    }

    /** Bytes that the file has. */
    long length() {
        return length;
    }

    /** Makes the file hold these lines only. */
    void rewrite(List<String> lines) throws IOException {
        AppendOnlyFile fresh = replace(path, lines);
        channel.close();
        channel = fresh.channel;
        length = fresh.length;
        cutShort = false;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static void writeAll(FileChannel channel, byte[] bytes, long position) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        while (rest.hasRemaining()) {
            position += channel.write(rest, position);
        }
    }

    /** A renamed file is only safe when its folder is (fsync(2)). */
    private static void syncFolder(Path folder) throws IOException {
        try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    private static byte[] encode(List<String> lines) {
        StringBuilder text = new StringBuilder();
        for (String line : lines) {
            text.append(checksum(line)).append(' ').append(line).append('\n');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isSound(String line) {
        return line.length() > CHECKSUM_DIGITS && line.startsWith(checksum(line.substring(CHECKSUM_DIGITS + 1)) + " ");
    }

    private static String checksum(String line) {
        CRC32C checksum = new CRC32C();
        checksum.update(line.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) checksum.getValue());
    }
}
