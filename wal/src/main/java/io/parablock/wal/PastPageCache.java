package io.parablock.wal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files past the page cache (O_DIRECT). */
public final class PastPageCache {
    private static final Logger LOG = LoggerFactory.getLogger(PastPageCache.class);

    /** {@code ExtendedOpenOption.DIRECT}, by name: newer compilers warn of its package whatever one says; null without. */
    private static final @Nullable OpenOption DIRECT = directOption();

    /** In bytes; a file system with larger blocks asks for more. */
    private static final int ALIGNMENT = 4096;

    private PastPageCache() {}

    private static @Nullable OpenOption directOption() {
        try {
            Class<?> options = Class.forName("com.sun.nio.file.ExtendedOpenOption");
            for (Object option : options.getEnumConstants()) {
                if (option.toString().equals("DIRECT")) {
                    return (OpenOption) option;
                }
            }
        } catch (ClassNotFoundException e) {
            LOG.debug("this JDK has no direct I/O", e);
        }
        return null;
    }

    /** Whether this JDK can; the file system may be another matter. */
    public static boolean isKnown() {
        return DIRECT != null;
    }

    /** Past the page cache, if this JDK can. */
    public static FileChannel open(Path path, OpenOption... options) throws IOException {
        if (DIRECT == null) {
            return FileChannel.open(path, options);
        }
        OpenOption[] direct = Arrays.copyOf(options, options.length + 1);
        direct[options.length] = DIRECT;
        return FileChannel.open(path, direct);
    }

    /** A whole file, past the page cache where its file system has that; what is behind {@code lengthMax} is left out. */
    static ByteBuffer read(Path path, int lengthMax) throws IOException {
        FileChannel opened;
        try {
            opened = open(path, StandardOpenOption.READ);
        } catch (IOException | UnsupportedOperationException notHere) {
            return ByteBuffer.wrap(Files.readAllBytes(path));
        }
        // From here on a failure is one of the disk: the page cache would hide it.
        try (FileChannel channel = opened) {
            return readAll(channel, alignment(path), (int) Math.min(channel.size(), lengthMax));
        }
    }

    private static int alignment(Path path) throws IOException {
        try {
            return (int) Math.max(ALIGNMENT, Files.getFileStore(path).getBlockSize());
        } catch (UnsupportedOperationException unknown) {
            return ALIGNMENT;
        }
    }

    static ByteBuffer readAll(FileChannel channel, int alignment, int length) throws IOException {
        int room = (length + alignment - 1) / alignment * alignment;
        ByteBuffer into = ByteBuffer.allocateDirect(room + alignment)
                .alignedSlice(alignment)
                .limit(room);
        while (into.hasRemaining()) {
            // What is not a whole block is the end of the file: no more can be asked for there.
            int n = channel.read(into, into.position());
            if (n < 0 || into.position() % alignment != 0) {
                break;
            }
        }
        return into.flip();
    }
}
