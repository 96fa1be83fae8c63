package io.parablock.wal.segment;

import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalException;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalFullException;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import org.agrona.collections.Long2LongHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The segment files of one opening of a log, in any layout: what is there, what may go, and whether it has failed. How
 * records get into the newest file is the engine's part. One writer thread; {@link #read} from any.
 */
public final class SegmentedLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentedLog.class);

    private final WalConfig config;
    private final WalDirectory directory;
    private final SegmentKeeper keeper;

    /** Live segments by id; readers use it too. */
    private final ConcurrentSkipListMap<Integer, Segment> segments;

    private final ThreadLocal<SegmentReader> readers = ThreadLocal.withInitial(SegmentReader::new);
    private final Long2LongHashMap truncatedSlotByGroup = new Long2LongHashMap(Long.MIN_VALUE);
    private volatile @Nullable Throwable failure;
    private boolean closed;

    private SegmentedLog(WalConfig config, SegmentFiles files) {
        this.config = config;
        this.directory = WalDirectory.open(config, files.storage());
        this.segments = directory.segments();
        this.keeper = new SegmentKeeper(config, directory.manifest(), files, directory.runId());
    }

    public static SegmentedLog open(WalConfig config, SegmentFiles files) {
        return new SegmentedLog(config, files);
    }

    public WalConfig config() {
        return config;
    }

    public int runId() {
        return directory.runId();
    }

    /**
     * Names this opening; has to be there before its first segment.
     *
     * @throws WalFullException when there is no room for that segment: nothing was created
     */
    public void createRunDirectory() {
        // An engine's own files in it are mapped: on a full disk a store to them would kill the process.
        keeper.requireRoom();
        try {
            directory.createRunDirectory();
        } catch (UncheckedIOException e) {
            throw fail("cannot start a segment", e);
        }
    }

    /**
     * Waits for the next segment.
     *
     * @throws WalFullException when there is no room for it; the next call tries again
     */
    public Segment takeNext() {
        try {
            Segment next = keeper.takeNext();
            segments.put(next.id, next);
            return next;
        } catch (WalFullException full) {
            throw full;
        } catch (WalException e) {
            throw fail("cannot start a segment", e);
        }
    }

    /** Starts to prepare the next segment, unless that is already under way. */
    public void prepareNext() {
        keeper.prepareNext();
    }

    /** What the engine must have been given. */
    public void checkRecord(WalRecord record, ByteBuffer payload) {
        int length = RecordDescriptor.headerLength(record.dep().length) + record.payloadLength();
        if (payload.remaining() != record.payloadLength() || length > config.recordBytesMax()) {
            throw new IllegalArgumentException("payload has " + payload.remaining() + " bytes, record says "
                    + record.payloadLength() + ", limit with header " + config.recordBytesMax());
        }
        if (record.kind() < 0 || record.kind() >= RecordDescriptor.KIND_SEGMENT_START) {
            throw new IllegalArgumentException("kind " + record.kind() + " is the log's own");
        }
    }

    /** See {@link io.parablock.wal.Wal#read}. */
    public void read(long position, WalVisitor visitor) {
        Segment segment = segments.get(RecordDescriptor.segmentId(position));
        if (segment == null) {
            throw new WalCorruptException("position " + position + " is truncated away");
        }
        readers.get().read(segment, position, config.clusterId(), visitor);
    }

    /** See {@link io.parablock.wal.Wal#forgetReadAhead}. */
    public void forgetReadAhead() {
        readers.get().forgetReadAhead();
    }

    /** See {@link io.parablock.wal.Wal#scan}. */
    public void scan(WalVisitor visitor) {
        checkUsable();
        List<Integer> ids = directory.earlierSegmentIds();
        if (ids.isEmpty()) {
            return;
        }
        ScanProgress progress =
                LOG.isInfoEnabled() ? new ScanProgress(System::nanoTime, LOG::info) : ScanProgress.silent();
        WalVisitor counted = progress.counting(visitor);
        LogScan scan = new LogScan(config.clusterId(), config.recordBytesMax(), ids, segments, progress);
        for (int id : ids) {
            boolean sound = scan.visit(id, counted);
            Segment segment = segments.get(id);
            if (segment != null) {
                sealScanned(segment, sound);
            }
        }
        progress.end(ids.size());
    }

    /** The caller acts upon what it was shown: whatever happens to it from now on is corruption, not a torn write. */
    private void sealScanned(Segment segment, boolean sound) {
        if (sound && segment.sealedRecordCount == SegmentManifest.UNSEALED && !segment.isEmpty()) {
            try {
                directory.manifest().seal(segment.id, segment.recordCount);
            } catch (IOException e) {
                throw fail("cannot seal " + segment.path, e);
            }
        }
    }

    /** See {@link io.parablock.wal.Wal#truncate}; a segment that the engine still writes stays. */
    public void truncate(int groupId, long slot, Retained retained) {
        checkUsable();
        if (slot > truncatedSlotByGroup.get(groupId)) {
            truncatedSlotByGroup.put(groupId, slot);
        }
        for (Segment segment : segments.values()) {
            if (!retained.isRetained(segment) && segment.isCoveredBy(truncatedSlotByGroup)) {
                delete(segment);
            }
        }
    }

    /** Whether the engine needs a segment whatever it holds. */
    @FunctionalInterface
    public interface Retained {
        boolean isRetained(Segment segment);
    }

    public boolean isLive(Segment segment) {
        return segments.containsKey(segment.id);
    }

    public void delete(Segment segment) {
        segments.remove(segment.id);
        keeper.delete(segment);
    }

    /** Forces a finished segment and notes how many records it holds; then says so, on another thread. */
    public void seal(Segment segment, Runnable whenForced) {
        keeper.seal(segment, whenForced);
    }

    /** At an orderly end, with all of it durable: vouches for the newest segment, or drops it if it holds nothing. */
    public void finish(@Nullable Segment last) {
        if (last == null) {
            return;
        }
        if (last.isEmpty()) {
            delete(last);
        } else {
            seal(last, () -> {});
        }
    }

    public long sizeBytes() {
        long bytes = 0;
        for (Segment segment : segments.values()) {
            bytes += segment.fileBytes;
        }
        return bytes;
    }

    /** Waits until background work asked for so far, such as deletions, is done. */
    public void drain() {
        keeper.drain();
    }

    /** From now on every call is refused. */
    public WalFailedException fail(String what, Throwable cause) {
        failure = cause;
        return new WalFailedException(what + ": " + cause.getMessage(), cause);
    }

    public boolean hasFailed() {
        return failure != null || keeper.failure() != null;
    }

    public boolean isClosed() {
        return closed;
    }

    public void checkUsable() {
        if (closed) {
            throw new IllegalStateException("the log is closed");
        }
        Throwable cause = failure == null ? keeper.failure() : failure;
        if (cause != null) {
            throw new WalFailedException(
                    "the log in " + config.directory() + " has failed before: " + cause.getMessage(), cause);
        }
    }

    /** The engine has finished with its files. */
    @Override
    public void close() {
        closed = true;
        try {
            keeper.close();
        } catch (WalException e) {
            failure = e;
            throw e;
        } finally {
            segments.values().forEach(Segment::close);
            directory.close();
        }
    }
}
