package io.parablock.tools;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** A small file system of its own, mounted at a folder: ext4 in a file, or memory where there are no loop devices. */
final class SmallDisk implements AutoCloseable {
    private static final int TIMEOUT_S = 20;
    private static final int PIECE_BYTES = 64 << 10;

    private final Path folder;
    private final Path ballast;
    private final Thread atExit = new Thread(this::unmount);
    private boolean mounted = true;

    private SmallDisk(Path folder) {
        this.folder = folder;
        this.ballast = folder.resolve("ballast");
        // A test run that is interrupted must not leave mounts behind.
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /**
     * Skips the test where nothing can be mounted.
     *
     * @param image the file that holds it; created
     */
    static SmallDisk mount(Path folder, Path image, long sizeBytes) throws IOException {
        Files.createDirectories(folder);
        List<String> why = new ArrayList<>();
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(sizeBytes);
        }
        boolean mounted = tried(why, "mkfs.ext4", "-q", "-F", "-m", "0", image.toString())
                && tried(why, "mount", "-o", "loop", image.toString(), folder.toString());
        if (!mounted && !tried(why, "mount", "-t", "tmpfs", "-o", "size=" + sizeBytes, "tmpfs", folder.toString())) {
            abort("no small file system can be mounted here: " + why);
        }
        return new SmallDisk(folder);
    }

    private static boolean tried(List<String> why, String... command) {
        try {
            Clients.run(TIMEOUT_S, command);
            return true;
        } catch (Exception | AssertionError e) {
            why.add(String.valueOf(e.getMessage()));
            return false;
        }
    }

    long freeBytes() throws IOException {
        return Files.getFileStore(folder).getUsableSpace();
    }

    /** Takes all but this much of what is free. */
    void fillUpTo(long freeBytesLeft) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
        try (FileChannel channel = FileChannel.open(
                ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            long left = freeBytes() - freeBytesLeft;
            while (left > 0) {
                left -= channel.write(piece.clear().limit((int) Math.min(PIECE_BYTES, left)));
            }
            channel.force(true);
        } catch (IOException full) {
            if (freeBytes() > freeBytesLeft + PIECE_BYTES) {
                throw full;
            }
        }
    }

    /** Gives back what was taken. */
    void empty() throws IOException {
        Files.deleteIfExists(ballast);
    }

    private synchronized void unmount() {
        if (mounted) {
            mounted = false;
            List<String> why = new ArrayList<>();
            // Lazily: a process that is still dying keeps it busy for a moment.
            if (!tried(why, "umount", folder.toString()) && !tried(why, "umount", "-l", folder.toString())) {
                System.out.println("cannot unmount: " + why);
            }
        }
    }

    @Override
    public void close() {
        unmount();
        Runtime.getRuntime().removeShutdownHook(atExit);
    }
}
