package io.parablock.wal.chronicle;

import io.parablock.wal.Durability;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.Wal;
import io.parablock.wal.WalFullException;
import io.parablock.wal.WalListener;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import io.parablock.wal.segment.OwnRecords;
import io.parablock.wal.segment.Segment;
import io.parablock.wal.segment.SegmentedLog;
import io.parablock.wal.segment.StableStorage;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The log in a memory-mapped Chronicle Queue, used as a fast append to a file and for nothing else: what is stable, what
 * is whole and what is still needed is decided here. See docs/wal-format.md. Never interrupt the writer thread: an
 * interrupt during a force counts as a failed force.
 */
public final class ChronicleWal implements Wal {
    private static final ByteBuffer NO_PAYLOAD = ByteBuffer.allocate(0);

    private final WalConfig config;
    private final WalListener listener;
    private final SegmentEngine engine;
    private final SegmentedLog log;
    private final RecordChecksum checksum = new RecordChecksum();

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

    private ChronicleWal(WalConfig config, WalListener listener, SegmentEngine engine) {
        this.config = config;
        this.listener = listener;
        this.engine = engine;
        this.log = SegmentedLog.open(config, engine.files());
    }

    public static ChronicleWal open(WalConfig config, WalListener listener) {
        return open(config, listener, StableStorage.FDATASYNC);
    }

    static ChronicleWal open(WalConfig config, WalListener listener, StableStorage storage) {
        return open(config, listener, SegmentEngine.chronicle(storage));
    }

    /** The same log with records put into its files in another way. */
    public static ChronicleWal open(WalConfig config, WalListener listener, SegmentEngine engine) {
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
        log.checkUsable();
        log.checkRecord(record, payload);
        assert checksum.ofPayload(payload) == record.payloadCrc() : "payload CRC of " + record;
        long position = write(record, payload);
        requireCurrent().note(record);
        queuedTokens.addLong(token);
        markerDue = true;
        return position;
    }

    @Override
    public void submit() {
        log.checkUsable();
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
        log.checkUsable();
        forceAppended();
    }

    @Override
    public void read(long position, WalVisitor visitor) {
        log.read(position, visitor);
    }

    @Override
    public void forgetReadAhead() {
        log.forgetReadAhead();
    }

    @Override
    public void scan(WalVisitor visitor) {
        log.scan(visitor);
    }

    @Override
    public void truncate(int groupId, long slot) {
        log.truncate(groupId, slot, segment -> segment == current);
        unforced.removeIf(segment -> !log.isLive(segment));
    }

    @Override
    public long sizeBytes() {
        return log.sizeBytes();
    }

    @Override
    public String engine() {
        return engine.name();
    }

    /** Waits until background work asked for so far, such as deletions, is done. */
    void drain() {
        log.drain();
    }

    @Override
    public void close() {
        if (log.isClosed()) {
            return;
        }
        try {
            if (!log.hasFailed()) {
                forceAppended();
                log.finish(current);
            }
        } finally {
            try {
                if (appender != null) {
                    appender.close();
                }
            } finally {
                log.close();
            }
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
            throw log.fail("cannot append to " + segment.path, e);
        }
    }

    private void startSegment() {
        if (appender == null) {
            log.createRunDirectory();
            appender =
                    engine.writers().open(Segment.runDirectory(config.directory(), log.runId()), log.runId(), config);
        }
        Segment next = log.takeNext();
        Segment finished = current;
        current = next;
        if (finished != null && dirty) {
            unforced.add(finished);
        }
        appender.startSegment(next.id);
        writeToCurrent(OwnRecords.start(next), NO_PAYLOAD);
        if (finished != null) {
            log.seal(finished, () -> unforced.remove(finished));
        }
        log.prepareNext();
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
        writeToCurrent(OwnRecords.MARKER, NO_PAYLOAD);
        forceAppended();
    }

    private void forceAppended() {
        Segment segment = current;
        if (segment == null) {
            return;
        }
        try {
            for (Iterator<Segment> finished = unforced.iterator(); finished.hasNext(); ) {
                engine.files().storage().force(finished.next().forceChannel());
                finished.remove();
            }
            if (dirty) {
                engine.files().storage().force(segment.forceChannel());
            }
        } catch (IOException | RuntimeException e) {
            throw log.fail("cannot force " + segment.path, e);
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
}
