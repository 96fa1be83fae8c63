package io.parablock.wal.chronicle;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.Durability;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.Wal;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalException;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalFullException;
import io.parablock.wal.WalListener;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The log in a memory-mapped Chronicle Queue, used as a fast append to a file and for nothing else: what is stable, what
 * is whole and what is still needed is decided here. See docs/wal-format.md. Never interrupt the writer thread: an
 * interrupt during a force counts as a failed force.
 */
public final class ChronicleWal implements Wal {
    private static final ByteBuffer NO_PAYLOAD = ByteBuffer.allocate(0);

    private final ChronicleWalConfig config;
    private final WalListener listener;
    private final SegmentEngine engine;
    private final WalDirectory directory;
    private final SegmentKeeper keeper;

    /** Live segments by id; readers use it too. */
    private final ConcurrentSkipListMap<Integer, Segment> segments;

    private final ThreadLocal<SegmentReader> readers = ThreadLocal.withInitial(SegmentReader::new);
    private final RecordChecksum checksum = new RecordChecksum();
    private final Long2LongHashMap truncatedSlotByGroup = new Long2LongHashMap(Long.MIN_VALUE);

    /** Finished segments of this run whose last pages may not be on stable storage yet. */
    private final Set<Segment> unforced = ConcurrentHashMap.newKeySet();

    private @Nullable SegmentWriter appender;
    private @Nullable Segment current;
    private long endOffsetBytes;
    private boolean dirty;
    private long durableUpTo;

    /** Whether the latest entry's durability has yet to be recorded by a later header. */
    private boolean markerDue;

    private LongArrayList queuedTokens = new LongArrayList();
    private @Nullable LongArrayList spareTokens = new LongArrayList();
    private volatile @Nullable Throwable failure;
    private boolean closed;

    private ChronicleWal(ChronicleWalConfig config, WalListener listener, SegmentEngine engine) {
        this.config = config;
        this.listener = listener;
        this.engine = engine;
        this.directory = WalDirectory.open(config, engine.storage());
        this.segments = directory.segments();
        this.keeper = new SegmentKeeper(config, directory.manifest(), engine, directory.runId());
    }

    public static ChronicleWal open(ChronicleWalConfig config, WalListener listener) {
        return open(config, listener, StableStorage.FDATASYNC);
    }

    static ChronicleWal open(ChronicleWalConfig config, WalListener listener, StableStorage storage) {
        return open(config, listener, SegmentEngine.chronicle(storage));
    }

    /** The same log with records put into its files in another way. */
    public static ChronicleWal open(ChronicleWalConfig config, WalListener listener, SegmentEngine engine) {
        ChronicleWal wal = new ChronicleWal(config, listener, engine);
        try {
            wal.startSegment();
        } catch (WalFullException full) {
            // A full disk must not keep the node from reading its log: the first append tries again.
        } catch (RuntimeException e) {
            wal.close();
            throw e;
        }
        return wal;
    }

    @Override
    public long append(WalRecord record, ByteBuffer payload, long token) {
        checkUsable();
        int length = RecordDescriptor.headerLength(record.dep().length) + record.payloadLength();
        if (payload.remaining() != record.payloadLength() || length > config.recordBytesMax()) {
            throw new IllegalArgumentException("payload has " + payload.remaining() + " bytes, record says "
                    + record.payloadLength() + ", limit with header " + config.recordBytesMax());
        }
        if (record.kind() < 0 || record.kind() >= RecordDescriptor.KIND_SEGMENT_START) {
            throw new IllegalArgumentException("kind " + record.kind() + " is the log's own");
        }
        assert checksum.ofPayload(payload) == record.payloadCrc() : "payload CRC of " + record;
        long position = write(record, payload);
        requireCurrent().note(record);
        queuedTokens.addLong(token);
        markerDue = true;
        return position;
    }

    @Override
    public void submit() {
        checkUsable();
        if (queuedTokens.isEmpty()) {
            writeMarkerIfDue();
            return;
        }
        if (config.durability() == Durability.FSYNC) {
            forceAppended();
        }
        // The listener may append and submit again: it gets a list of its own.
        LongArrayList tokens = queuedTokens;
        queuedTokens = spareTokens == null ? new LongArrayList() : spareTokens;
        spareTokens = null;
        for (int i = 0; i < tokens.size(); i++) {
            listener.onDurable(tokens.getLong(i));
        }
        tokens.clear();
        spareTokens = tokens;
    }

    @Override
    public void force() {
        checkUsable();
        forceAppended();
    }

    @Override
    public void read(long position, WalVisitor visitor) {
        Segment segment = segments.get(RecordDescriptor.segmentId(position));
        if (segment == null) {
            throw new WalCorruptException("position " + position + " is truncated away");
        }
        readers.get().read(segment, position, config.clusterId(), visitor);
    }

    @Override
    public void scan(WalVisitor visitor) {
        checkUsable();
        SegmentScanner scanner = new SegmentScanner(config.clusterId(), config.recordBytesMax());
        for (int id : directory.earlierSegmentIds()) {
            Segment segment = segments.get(id);
            if (segment == null) {
                visitor.onDamaged(
                        RecordDescriptor.position(id, 0),
                        DamagedRecord.unidentified(1, true, "the file of segment " + id + " is missing"));
            } else {
                boolean sound = scanner.scan(segment, visitor);
                sealScanned(segment, sound);
            }
        }
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

    @Override
    public void truncate(int groupId, long slot) {
        checkUsable();
        if (slot > truncatedSlotByGroup.get(groupId)) {
            truncatedSlotByGroup.put(groupId, slot);
        }
        for (Segment segment : segments.values()) {
            if (segment != current && segment.isCoveredBy(truncatedSlotByGroup)) {
                segments.remove(segment.id);
                unforced.remove(segment);
                keeper.delete(segment);
            }
        }
    }

    @Override
    public long sizeBytes() {
        long bytes = 0;
        for (Segment segment : segments.values()) {
            bytes += segment.fileBytes;
        }
        return bytes;
    }

    @Override
    public String engine() {
        return engine.name();
    }

    /** Waits until background work asked for so far, such as deletions, is done. */
    void drain() {
        keeper.drain();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        try {
            if (failure == null && keeper.failure() == null) {
                finish();
            }
        } finally {
            closed = true;
            keeper.close();
            if (appender != null) {
                appender.close();
            }
            segments.values().forEach(Segment::close);
            directory.close();
        }
    }

    private void finish() {
        forceAppended();
        Segment last = current;
        if (last == null) {
            return;
        }
        if (last.isEmpty()) {
            segments.remove(last.id);
            keeper.delete(last);
        } else {
            keeper.seal(last, () -> {});
        }
    }

    private long write(WalRecord record, ByteBuffer payload) {
        if (current == null || endOffsetBytes >= config.segmentBytes()) {
            startSegment();
        }
        return writeToCurrent(record, payload);
    }

    private long writeToCurrent(WalRecord record, ByteBuffer payload) {
        Segment segment = requireCurrent();
        if (appender == null) {
            throw new IllegalStateException("no queue");
        }
        try {
            long offsetBytes = appender.append(segment, record, payload, durableUpTo);
            endOffsetBytes = offsetBytes + RecordDescriptor.headerLength(record.dep().length) + record.payloadLength();
            assert endOffsetBytes <= segment.fileBytes : "wrote past the zeros of " + segment.path;
            dirty = true;
            return RecordDescriptor.position(segment.id, offsetBytes);
        } catch (RuntimeException | AssertionError | InternalError e) {
            throw fail("cannot append to " + segment.path, e);
        }
    }

    private void startSegment() {
        if (appender == null) {
            appender = engine.writers().open(directory.createRunDirectory(), directory.runId(), config);
        }
        Segment next;
        try {
            next = keeper.takeNext();
        } catch (WalFullException full) {
            throw full;
        } catch (WalException e) {
            throw fail("cannot start a segment", e);
        }
        Segment finished = current;
        current = next;
        segments.put(next.id, next);
        if (finished != null && dirty) {
            unforced.add(finished);
        }
        appender.startSegment(next.id);
        writeToCurrent(
                new WalRecord(
                        -1,
                        -1,
                        -1,
                        RecordDescriptor.KIND_SEGMENT_START,
                        0,
                        0,
                        next.nonce,
                        0,
                        0,
                        0,
                        0,
                        WalRecord.NO_DEP),
                NO_PAYLOAD);
        if (finished != null) {
            keeper.seal(finished, () -> unforced.remove(finished));
        }
        keeper.prepareNext();
    }

    private void writeMarkerIfDue() {
        if (!markerDue || dirty) {
            return;
        }
        markerDue = false;
        Segment segment = requireCurrent();
        if (RecordDescriptor.segmentId(durableUpTo) != segment.id) {
            return;
        }
        // Markers never roll: a segment has room for one more record past its end, and a marker is small.
        writeToCurrent(
                new WalRecord(-1, -1, -1, RecordDescriptor.KIND_MARKER, 0, 0, 0, 0, 0, 0, 0, WalRecord.NO_DEP),
                NO_PAYLOAD);
        forceAppended();
    }

    private void forceAppended() {
        Segment segment = current;
        if (segment == null) {
            return;
        }
        try {
            for (Iterator<Segment> finished = unforced.iterator(); finished.hasNext(); ) {
                engine.storage().force(finished.next().forceChannel());
                finished.remove();
            }
            if (dirty) {
                engine.storage().force(segment.forceChannel());
            }
        } catch (IOException | RuntimeException e) {
            throw fail("cannot force " + segment.path, e);
        }
        dirty = false;
        durableUpTo = RecordDescriptor.position(segment.id, endOffsetBytes);
    }

    private Segment requireCurrent() {
        Segment segment = current;
        if (segment == null) {
            throw new IllegalStateException("no segment");
        }
        return segment;
    }

    private WalFailedException fail(String what, Throwable cause) {
        failure = cause;
        return new WalFailedException(what + ": " + cause.getMessage(), cause);
    }

    private void checkUsable() {
        if (closed) {
            throw new IllegalStateException("the log is closed");
        }
        Throwable cause = failure == null ? keeper.failure() : failure;
        if (cause != null) {
            throw new WalFailedException("the log in " + config.directory() + " has failed before", cause);
        }
    }
}
