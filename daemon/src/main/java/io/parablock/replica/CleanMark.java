package io.parablock.replica;

import io.parablock.wal.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Tells a machine restart after a clean stop from one that may have lost what was only in memory (protocol.md §11). Two small
 * files: {@code boot} names the machine's boot during which this node last ran; {@code clean} is there from a clean stop to
 * the next start.
 */
public final class CleanMark {
    /** Where Linux names the current boot. */
    public static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    /** In {@code boot}: no boot's name, so that every start until the cure finds itself unclean. */
    private static final String AMNESIA = "amnesia";

    /** ... of nothing that was flushed. */
    private static final String UNFLUSHED_AMNESIA = "amnesia-of-unflushed";

    private final Path dir;
    private final String bootId;
    private boolean uncured;
    private boolean flushedIsHere = true;

    /** @param bootId the name of the machine's current boot */
    public CleanMark(Path dir, String bootId) {
        this.dir = dir;
        this.bootId = bootId;
    }

    /** The machine's current boot; one that equals no other if the system does not tell. */
    public static String currentBoot(Path bootIdFile) {
        try {
            return Files.readString(bootIdFile).trim();
        } catch (IOException unknown) {
            return "unknown-" + System.nanoTime();
        }
    }

    /**
     * At start, before the first acknowledgement: removes the mark, durably.
     *
     * @return true if the machine restarted since the last run and that run did not stop cleanly, or if {@link #isUncured}
     */
    public boolean begin() throws IOException {
        AtomicFile.createDirectories(dir);
        Path boot = dir.resolve("boot");
        Path clean = dir.resolve("clean");
        String last = Files.exists(boot) ? Files.readString(boot).trim() : bootId;
        uncured = last.equals(AMNESIA) || last.equals(UNFLUSHED_AMNESIA);
        flushedIsHere = !last.equals(AMNESIA);
        boolean unclean = !Files.exists(clean) && !last.equals(bootId);
        // An uncured replica must still be found so at the next start: the old boot stays named until it is cured.
        if (!unclean) {
            write(boot, bootId);
        }
        Files.deleteIfExists(clean);
        fsyncDir();
        return unclean;
    }

    /** An earlier run had noted its amnesia and was never cured. */
    public boolean isUncured() {
        return uncured;
    }

    /** False if an uncured amnesia may be one of flushed entries too. */
    public boolean isFlushedHere() {
        return flushedIsHere;
    }

    /**
     * This run has amnesia, whatever the reason: every start will, until {@link #cured}.
     *
     * @param flushed whatever was flushed is here nevertheless
     */
    public void amnesiac(boolean flushed) throws IOException {
        write(dir.resolve("boot"), flushed ? UNFLUSHED_AMNESIA : AMNESIA);
    }

    /** After amnesia was cured: what is in memory from here on belongs to the current boot. */
    public void cured() throws IOException {
        write(dir.resolve("boot"), bootId);
    }

    /** At a clean stop, after the WAL was forced and closed. Not while amnesiac. */
    public void end() throws IOException {
        write(dir.resolve("clean"), bootId);
    }

    private void write(Path file, String text) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel ch = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                ch.write(bytes);
            }
            ch.force(true);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        fsyncDir();
    }

    private void fsyncDir() throws IOException {
        try (FileChannel ch = FileChannel.open(dir, StandardOpenOption.READ)) {
            ch.force(true);
        }
    }
}
