package io.parablock.wal.direct;

import io.parablock.wal.PastPageCache;
import io.parablock.wal.segment.FileOpener;
import io.parablock.wal.segment.Segment;
import io.parablock.wal.segment.SegmentLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes through a file channel with O_DSYNC, and O_DIRECT where the file system has it; each one is complete when the
 * call returns.
 */
final class ChannelIo implements SegmentIo {
    private static final Logger LOG = LoggerFactory.getLogger(ChannelIo.class);

    private final boolean pastPageCache;
    private final ConcurrentHashMap<Integer, FileChannel> channels = new ConcurrentHashMap<>();

    private ChannelIo(boolean pastPageCache) {
        this.pastPageCache = pastPageCache;
    }

    /** Finds out what the file system of this folder can do. */
    static ChannelIo probe(Path directory) {
        Path file = directory.resolve("direct-probe.tmp");
        ByteBuffer block = ByteBuffer.allocateDirect(2 * SegmentLayout.WRITE_ALIGNMENT)
                .alignedSlice(SegmentLayout.WRITE_ALIGNMENT)
                .limit(SegmentLayout.WRITE_ALIGNMENT);
        if (!PastPageCache.isKnown()) {
            LOG.info("this JDK has no direct I/O: the log goes through the page cache");
            return new ChannelIo(false);
        }
        boolean possible = true;
        try (FileChannel channel = PastPageCache.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(block, 0);
        } catch (IOException | UnsupportedOperationException e) {
            LOG.info("{} has no direct I/O ({}): the log goes through the page cache", directory, e.getMessage());
            possible = false;
        }
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.debug("cannot delete {}", file, e);
        }
        return new ChannelIo(possible);
    }

    boolean isPastPageCache() {
        return pastPageCache;
    }

    FileOpener opener() {
        return this::openFile;
    }

    private FileChannel openFile(Path path, OpenOption... options) throws IOException {
        return pastPageCache ? PastPageCache.open(path, options) : FileChannel.open(path, options);
    }

    @Override
    public String name() {
        return pastPageCache ? "channel" : "channel-buffered";
    }

    @Override
    public void write(SegmentWrite write, Completion completion) {
        Throwable failure = null;
        try {
            writeNow(write);
        } catch (IOException | RuntimeException e) {
            failure = e;
        }
        completion.onWritten(write, failure);
    }

    @Override
    public void writeNow(SegmentWrite write) throws IOException {
        FileChannel channel = channels.get(write.segment().id);
        if (channel == null) {
            channel = openFile(write.segment().path, StandardOpenOption.WRITE, StandardOpenOption.DSYNC);
            channels.put(write.segment().id, channel);
        }
        ByteBuffer bytes = write.bytes();
        while (bytes.hasRemaining()) {
            channel.write(bytes, write.startBytes() + bytes.position());
        }
    }

    @Override
    public void finish(Segment segment) {
        FileChannel channel = channels.remove(segment.id);
        if (channel != null) {
            closeQuietly(channel);
        }
    }

    @Override
    public void close() {
        channels.values().forEach(ChannelIo::closeQuietly);
        channels.clear();
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("cannot close", e); // every write was durable already
        }
    }
}
