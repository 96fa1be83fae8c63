package io.parablock.blockdev.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A chunk in one sparse file: thin, through the page cache. */
public final class FileBlockStore implements BlockStore {
    private static final int ZERO_BYTES = 1 << 20;

    private final Path file;
    private final FileChannel channel;
    private final HolePuncher puncher;
    private final LinuxFileRanges ranges;
    private final long sizeBytes;

    private FileBlockStore(
            Path file, FileChannel channel, HolePuncher puncher, LinuxFileRanges ranges, long sizeBytes) {
        this.file = file;
        this.channel = channel;
        this.puncher = puncher;
        this.ranges = ranges;
        this.sizeBytes = sizeBytes;
    }

    /** Creates the file, durably, if it is not there; an existing one must not be larger than {@code sizeBytes}. */
    public static FileBlockStore open(Path file, long sizeBytes) {
        return open(file, sizeBytes, LinuxHolePuncher::new);
    }

    /** The same over a file system that gives space back in a way of its own. */
    public static FileBlockStore open(Path file, long sizeBytes, Function<Path, HolePuncher> punchers) {
        try {
            Path dir = file.toAbsolutePath().getParent();
            if (dir != null) {
                Files.createDirectories(dir);
            }
            FileChannel ch = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (ch.size() > sizeBytes) {
                long found = ch.size();
                ch.close();
                throw new IOException("it has " + found + " bytes, the chunk is configured with " + sizeBytes);
            }
            if (ch.size() < sizeBytes) {
                ch.write(ByteBuffer.allocate(1), sizeBytes - 1);
            }
            forceNames(dir);
            return new FileBlockStore(file, ch, punchers.apply(file), LinuxFileRanges.open(file), sizeBytes);
        } catch (IOException e) {
            throw new BlockStoreException("cannot open " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * A checkpoint vouches for what is in the file, so its name must outlive a power loss like the content; so must the
     * names of its folders, which a process that died may have created and not forced.
     */
    private static void forceNames(@Nullable Path directory) throws IOException {
        for (Path each = directory; each != null; each = each.getParent()) {
            try (FileChannel opened = FileChannel.open(each, StandardOpenOption.READ)) {
                opened.force(true);
            } catch (AccessDeniedException notOurs) {
                return; // what we may not even read we have not created
            }
        }
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer content) {
        BlockStore.checkRange(offsetBytes, content.remaining(), sizeBytes);
        try {
            long at = offsetBytes;
            while (content.hasRemaining()) {
                at += channel.write(content, at);
            }
        } catch (IOException e) {
            throw new BlockStoreException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        if (lengthBytes == 0 || puncher.punch(offsetBytes, lengthBytes)) {
            return;
        }
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(ZERO_BYTES, lengthBytes));
        long at = offsetBytes;
        long end = offsetBytes + lengthBytes;
        while (at < end) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), end - at));
            int n = zeros.remaining();
            write(at, zeros);
            at += n;
        }
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer into) {
        BlockStore.checkRange(offsetBytes, into.remaining(), sizeBytes);
        try {
            long at = offsetBytes;
            while (into.hasRemaining()) {
                int n = channel.read(into, at);
                if (n < 0) {
                    throw new IOException("it ends at " + channel.size() + ", before " + at);
                }
                at += n;
            }
        } catch (IOException e) {
            throw new BlockStoreException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void fsync() {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw new BlockStoreException("cannot fsync " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public long allocatedBytes() {
        try {
            return puncher.allocatedBytes();
        } catch (IOException e) {
            throw new BlockStoreException("cannot stat " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public AllocationRun runAt(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        return ranges.runAt(offsetBytes, lengthBytes);
    }

    @Override
    public void prefetch(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        ranges.prefetch(offsetBytes, lengthBytes);
    }

    @Override
    public void close() {
        try {
            ranges.close();
            puncher.close();
            channel.close();
        } catch (IOException e) {
            throw new BlockStoreException("cannot close " + file + ": " + e.getMessage(), e);
        }
    }
}
