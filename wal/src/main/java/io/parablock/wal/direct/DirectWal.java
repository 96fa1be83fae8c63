package io.parablock.wal.direct;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.parablock.wal.AtomicFile;
import io.parablock.wal.Durability;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.Wal;
import io.parablock.wal.WalFullException;
import io.parablock.wal.WalListener;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import io.parablock.wal.segment.Segment;
import io.parablock.wal.segment.SegmentFiles;
import io.parablock.wal.segment.SegmentLayout;
import io.parablock.wal.segment.SegmentedLog;
import io.parablock.wal.segment.StableStorage;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The log in files written past the page cache.
 *
 * <pre>
 *   append ─► [ open write ] ─submit─► [ waiting ] ─room in flight─► SegmentIo ─► completed, in any order
 *                    ▲                                                  │
 *                    └── more records while all room is taken           └─► listener, at once
 * </pre>
 *
 * <p>Everything that waits goes out as one contiguous write as soon as fewer than {@link DirectConfig#writesInFlightMax}
 * are on their way. See docs/wal-format.md. The bytes held are those of records that the listener has not heard of: it is
 * for the caller to bound them.
 */
public final class DirectWal implements Wal {
    private static final int PAGE_BYTES = 8192;

    private static final int CHUNK_ORDER = 9;

    /**
     * One arena of 4 MiB chunks, without caches per thread, for all logs of the process: an arena of a log's own would
     * outlive it until the garbage collector comes by.
     */
    private static final PooledByteBufAllocator MEMORY =
            new PooledByteBufAllocator(true, 0, 1, PAGE_BYTES, CHUNK_ORDER, 0, 0, false, SegmentLayout.WRITE_ALIGNMENT);

    private final WalConfig config;
    private final DirectConfig direct;
    private final WalListener listener;
    private final SegmentedLog log;
    private final RecordChecksum checksum = new RecordChecksum();
    private final ByteBufAllocator memory;
    private final SegmentIo.Completion completion = this::onWritten;

    /** Writes whose memory is still needed, by position; also the lock between the writer and readers. */
    private final ArrayDeque<SegmentWrite> held = new ArrayDeque<>();

    private final ArrayDeque<SegmentWrite> waiting = new ArrayDeque<>();

    /** Left segments that may still have writes on their way. */
    private final ArrayDeque<Segment> finishing = new ArrayDeque<>();

    /** Others only ask for its name. */
    private volatile SegmentIo io;

    private @Nullable Segment current;
    private @Nullable SegmentWrite open;
    private int nextStartBytes;
    private long nextEarlierStarts;
    private int inFlight;
    private boolean pumping;
    private long durableUpTo;

    /** Whether the latest entry's durability has yet to be recorded by a later header, and whether now is the time. */
    private boolean markerDue;

    private boolean markerAsked;

    private DirectWal(
            WalConfig config,
            DirectConfig direct,
            WalListener listener,
            SegmentFiles files,
            SegmentIo io,
            ByteBufAllocator memory) {
        this.config = config;
        this.direct = direct;
        this.listener = listener;
        this.io = io;
        this.memory = memory;
        this.log = SegmentedLog.open(config, files);
    }

    /** Writes through file channels, one at a time and on the caller's thread, until {@link #use} gives another way. */
    public static DirectWal open(WalConfig config, DirectConfig direct, WalListener listener) {
        AtomicFile.createDirectories(config.directory());
        ChannelIo channels = ChannelIo.probe(config.directory());
        SegmentFiles files = SegmentFiles.of(
                SegmentLayout.WRITES,
                direct.writesInFlightMax(),
                c -> fileBytes(c, direct),
                StableStorage.FDATASYNC,
                channels.opener());
        return open(config, direct, listener, files, channels);
    }

    /** Over other files and another disk, for simulation and tests. */
    public static DirectWal open(
            WalConfig config, DirectConfig direct, WalListener listener, SegmentFiles files, SegmentIo io) {
        return open(config, direct, listener, files, io, MEMORY);
    }

    /**
     * Also with memory of the caller's, for an owner that does not close the log.
     *
     * @param memory gives direct buffers that begin at a multiple of {@link SegmentLayout#WRITE_ALIGNMENT}
     */
    public static DirectWal open(
            WalConfig config,
            DirectConfig direct,
            WalListener listener,
            SegmentFiles files,
            SegmentIo io,
            ByteBufAllocator memory) {
        if (config.durability() != Durability.FSYNC) {
            throw new IllegalArgumentException("the direct engine knows durability FSYNC only");
        }
        DirectWal wal = new DirectWal(config, direct, listener, files, io, memory);
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

    /** A write begins below segmentBytes and holds one record at least; an idle log's marker may follow the last one. */
    public static long fileBytes(WalConfig config, DirectConfig direct) {
        long marker = SegmentLayout.WRITE_ALIGNMENT;
        return SegmentLayout.alignUp(config.segmentBytes()) + writeBytes(direct, config.recordBytesMax()) + marker;
    }

    private static int writeBytes(DirectConfig direct, int recordBytes) {
        // The start record is one more header.
        long whole =
                SegmentLayout.alignUp(RecordDescriptor.HEADER_LENGTH_MIN + recordBytes + SegmentWrite.MARKER_BYTES);
        return (int) Math.max(direct.writeBytesMax(), whole);
    }

    /** From now on writes take this way. With no write in flight, on the writer's thread. */
    public void use(SegmentIo next) {
        if (inFlight > 0) {
            throw new IllegalStateException(inFlight + " writes are in flight");
        }
        io = next;
    }

    /** The way that writes take. */
    public SegmentIo io() {
        return io;
    }

    /** Writes that may be on their way at once. */
    public int writesInFlightMax() {
        return direct.writesInFlightMax();
    }

    /** Writes that the disk has not completed. Writer's thread. */
    public int writesInFlight() {
        return inFlight;
    }

    @Override
    public long append(WalRecord record, ByteBuffer payload, long token) {
        log.checkUsable();
        log.checkRecord(record, payload);
        assert checksum.ofPayload(payload) == record.payloadCrc() : "payload CRC of " + record;
        SegmentWrite write = openFor(RecordDescriptor.headerLength(record.dep().length) + record.payloadLength());
        long position;
        synchronized (held) {
            position = write.add(record, payload, config.clusterId());
        }
        write.segment().note(record);
        write.tokens.addLong(token);
        markerDue = true;
        return position;
    }

    @Override
    public void submit() {
        log.checkUsable();
        boolean anyNew = false;
        for (SegmentWrite write : waiting) {
            anyNew |= !write.submitted;
            write.submitted = true;
        }
        SegmentWrite write = open;
        if (write != null) {
            anyNew |= !write.submitted;
            write.submitted = true;
        }
        // Once all that is on its way is there: the caller asks for a marker only once.
        markerAsked |= !anyNew && markerDue;
        pump();
        log.checkUsable();
    }

    @Override
    public void force() {
        log.checkUsable();
        closeOpen();
        for (SegmentWrite write : held) {
            if (!write.durable) {
                write.seal(durableUpTo, checksum);
                try {
                    io.writeNow(write);
                } catch (IOException | RuntimeException e) {
                    throw log.fail("cannot write " + write.segment().path, e);
                }
                write.durable = true;
            }
        }
        advance();
    }

    @Override
    public void read(long position, WalVisitor visitor) {
        SegmentWrite.Copy copy = null;
        synchronized (held) {
            for (SegmentWrite write : held) {
                if (write.covers(position)) {
                    copy = write.copy(position);
                    break;
                }
            }
        }
        if (copy != null) {
            copy.show(visitor);
        } else {
            log.read(position, visitor);
        }
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
        log.truncate(groupId, slot, segment -> segment == current || finishing.contains(segment));
    }

    @Override
    public long sizeBytes() {
        return log.sizeBytes();
    }

    @Override
    public String engine() {
        return "direct/" + io.name();
    }

    /** Waits until background work asked for so far, such as deletions, is done. */
    void drain() {
        log.drain();
    }

    /** With nothing in flight: {@link #use} something that completes its writes at once first. */
    @Override
    public void close() {
        if (log.isClosed()) {
            return;
        }
        try {
            if (!log.hasFailed()) {
                force();
                log.finish(current);
            }
        } finally {
            try {
                io.close();
            } finally {
                log.close();
            }
            synchronized (held) {
                if (inFlight == 0) {
                    held.forEach(SegmentWrite::release);
                } // else a leak is better than memory that is still being read from
                held.clear();
            }
        }
    }

    /** The write that takes a record of this length. */
    private SegmentWrite openFor(int recordBytes) {
        SegmentWrite write = open;
        if (write != null && write.hasRoom(recordBytes)) {
            return write;
        }
        closeOpen();
        if (current == null || nextStartBytes >= config.segmentBytes()) {
            startSegment();
        }
        return openWrite(recordBytes);
    }

    private SegmentWrite openWrite(int recordBytes) {
        Segment segment = current;
        if (segment == null) {
            throw new IllegalStateException("no segment");
        }
        SegmentWrite write = new SegmentWrite(
                segment, nextStartBytes, nextEarlierStarts, memory.directBuffer(writeBytes(direct, recordBytes)));
        synchronized (held) {
            if (segment.recordCount == 0) {
                write.addStart(config.clusterId());
            }
            held.add(write);
        }
        open = write;
        return write;
    }

    private void closeOpen() {
        SegmentWrite write = open;
        if (write != null) {
            open = null;
            synchronized (held) {
                write.close(config.clusterId());
            }
            nextStartBytes = write.endBytes();
            nextEarlierStarts = write.startsForNext();
            waiting.add(write);
        }
    }

    private void startSegment() {
        if (current == null) {
            log.createRunDirectory();
        }
        Segment next = log.takeNext();
        if (current != null) {
            finishing.add(current);
        }
        current = next;
        nextStartBytes = 0;
        nextEarlierStarts = 0;
        finishDurable();
        log.prepareNext();
    }

    /** Hands over what waits, as far as there is room. */
    private void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            while (inFlight < direct.writesInFlightMax()) {
                SegmentWrite next = nextWrite();
                if (next == null) {
                    return;
                }
                inFlight++;
                if (next.durable) {
                    onWritten(next, null); // forced while it waited: no block is written twice
                } else {
                    next.seal(durableUpTo, checksum);
                    hand(next);
                }
            }
        } finally {
            pumping = false;
        }
    }

    private void hand(SegmentWrite write) {
        int taken = inFlight;
        try {
            io.write(write, completion);
        } catch (IllegalStateException e) {
            if (inFlight < taken) {
                throw e; // from its completion
            }
            inFlight--;
            throw log.fail("cannot write " + write.segment().path, e);
        }
    }

    private @Nullable SegmentWrite nextWrite() {
        SegmentWrite first = waiting.peek();
        if (first != null) {
            return first.submitted ? waiting.poll() : null;
        }
        SegmentWrite write = open;
        if (write != null) {
            if (!write.submitted) {
                return null;
            }
            closeOpen();
            return waiting.poll();
        }
        return markerAsked && inFlight == 0 ? markerWrite() : null;
    }

    /** A write with nothing but its marker: it says how far the log is durable. */
    private @Nullable SegmentWrite markerWrite() {
        markerAsked = false;
        markerDue = false;
        if (current == null) {
            return null;
        }
        openWrite(0).submitted = true;
        closeOpen();
        return waiting.poll();
    }

    private void onWritten(SegmentWrite write, @Nullable Throwable failure) {
        inFlight--;
        if (log.isClosed()) {
            return;
        }
        if (failure != null) {
            listener.onFailed(log.fail("cannot write " + write.segment().path, failure));
            return;
        }
        write.durable = true;
        try {
            tell(write);
            advance();
            if (!log.hasFailed()) {
                pump();
            }
        } catch (RuntimeException | Error e) {
            // Nobody may be in a call who would hear of it.
            listener.onFailed(log.fail("cannot go on after a write to " + write.segment().path, e));
            throw e;
        }
    }

    private void tell(SegmentWrite write) {
        // The listener may append and submit again: the memory stays until it has heard all.
        for (int i = 0; i < write.tokens.size(); i++) {
            listener.onDurable(write.tokens.getLong(i));
        }
        write.told = true;
    }

    /** Moves the end of what is durable without a gap, and gives back the memory below it. */
    private void advance() {
        synchronized (held) {
            for (SegmentWrite first = held.peek(); first != null && first.durable && first.told; first = held.peek()) {
                durableUpTo = RecordDescriptor.position(first.segment().id, first.endBytes());
                held.remove();
                first.release();
            }
        }
        finishDurable();
    }

    /** Vouches for left segments that are durable as a whole. */
    private void finishDurable() {
        SegmentWrite first = held.peek();
        for (Segment segment = finishing.peek();
                segment != null && (first == null || first.segment().id > segment.id);
                segment = finishing.peek()) {
            finishing.remove();
            io.finish(segment);
            log.seal(segment, () -> {});
        }
    }
}
