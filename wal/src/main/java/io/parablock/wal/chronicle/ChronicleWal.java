package io.parablock.wal.chronicle;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import io.parablock.wal.DamagedRecord;
import io.parablock.wal.Durability;
import io.parablock.wal.FileStateStore;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.SegmentIndex;
import io.parablock.wal.Wal;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalException;
import io.parablock.wal.WalFullException;
import io.parablock.wal.WalListener;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.RollCycle;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.rollcycles.LargeRollCycles;
import net.openhft.chronicle.wire.DocumentContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log as a Chronicle Queue, memory-mapped. What Chronicle does not promise is done here (architecture.md, decision 7):
 *
 * <ul>
 *   <li>records carry our own header and CRCs, and a number that shows gaps;
 *   <li>one cycle file is one segment, its cycle is ours to choose, every open starts a new one and none is reopened;
 *   <li>stable storage is {@code FileChannel.force} on the cycle file, and on the directory at each roll;
 *   <li>a cycle file's space is allocated before the first byte is mapped, so a full disk is an error, not a SIGBUS;
 *   <li>old cycle files are deleted here.
 * </ul>
 */
public final class ChronicleWal implements Wal {
    private static final Logger LOG = LoggerFactory.getLogger(ChronicleWal.class);
    private static final RollCycle CYCLE = LargeRollCycles.LARGE_DAILY;
    private static final String SUFFIX = ".cq4";
    /** Cycles are days since 1970; ours start on a day that sorts well as a file name. */
    private static final int FIRST_CYCLE = 20_000;
    /** Chronicle's index and the chunk in which a segment ends. */
    private static final long SEGMENT_SLACK_BYTES = 8L << 20;
    /** Chronicle takes no message larger than a quarter of its block. */
    private static final long BLOCK_BYTES_MIN = 16L << 20;

    private static final DamagedRecord UNREADABLE = new DamagedRecord(false, 0, 0, 0, false, "unreadable record");

    private final ChronicleWalConfig config;
    private final WalListener listener;
    private final AtomicInteger cycle = new AtomicInteger();
    private final SingleChronicleQueue queue;
    private final SegmentIndex index = new SegmentIndex();
    private final long nonce = new SecureRandom().nextLong();
    private final ByteBuffer header = ByteBuffer.allocateDirect(
                    RecordDescriptor.payloadOffset(RecordDescriptor.DEP_WORDS_MAX))
            .order(ByteOrder.LITTLE_ENDIAN);
    private final Object readLock = new Object();

    private @Nullable ExcerptAppender appender;
    private @Nullable ExcerptTailer reader;
    private @Nullable FileChannel file;
    private boolean rollBeforeAppend = true;
    private long number;
    private long durableUpTo;
    private long segmentBytes;
    private long[] waiting = new long[1024];
    private int waitingCount;
    private @Nullable WalException failure;

    private ChronicleWal(ChronicleWalConfig config, WalListener listener, int lastCycle) {
        this.config = config;
        this.listener = listener;
        cycle.set(lastCycle);
        queue = SingleChronicleQueueBuilder.single(config.directory().toFile())
                .rollCycle(CYCLE)
                .timeProvider(() -> (long) cycle.get() * CYCLE.lengthInMillis())
                .blockSize((int) Math.max(BLOCK_BYTES_MIN, Math.min(64L << 20, config.segmentBytes())))
                .build();
    }

    /** Opens the log; what it holds is read by {@link #scan}. */
    public static ChronicleWal open(ChronicleWalConfig config, WalListener listener) {
        try {
            Files.createDirectories(config.directory());
            FileStateStore.forceAll(config.directory());
            int last = FIRST_CYCLE;
            List<Integer> cycles = cycleFiles(config.directory());
            for (int c : cycles) {
                last = Math.max(last, c);
            }
            ChronicleWal wal = new ChronicleWal(config, listener, last);
            cycles.forEach(c -> wal.index.addSegment(c));
            return wal;
        } catch (IOException e) {
            throw new WalException("cannot open the log in " + config.directory() + ": " + e.getMessage(), e);
        }
    }

    private static List<Integer> cycleFiles(Path dir) throws IOException {
        List<Integer> cycles = new ArrayList<>();
        try (var files = Files.newDirectoryStream(dir, "*" + SUFFIX)) {
            for (Path f : files) {
                String name = String.valueOf(f.getFileName());
                cycles.add(CycleNames.cycleOf(name.substring(0, name.length() - SUFFIX.length())));
            }
        }
        cycles.sort(null);
        return cycles;
    }

    private Path fileOf(long segment) {
        return config.directory().resolve(CycleNames.nameOf((int) segment) + SUFFIX);
    }

    // ---------------------------------------------------------------- writing

    @Override
    public long append(WalRecord record, ByteBuffer payload, long token) {
        checkAlive();
        if (rollBeforeAppend || segmentBytes >= config.segmentBytes()) {
            roll();
        }
        RecordDescriptor.encode(header, record, config.clusterId(), cycle.get(), number, durableUpTo, nonce);
        ExcerptAppender out = appender;
        if (out == null) {
            throw new WalException("the log is closed");
        }
        int size = header.remaining() + payload.remaining();
        try (DocumentContext dc = out.writingDocument()) {
            Bytes<?> bytes = dc.wire().bytes();
            bytes.ensureCapacity(bytes.writePosition() + size);
            write(bytes, header);
            write(bytes, payload);
        } catch (RuntimeException e) {
            throw fail("append", e);
        }
        number++;
        segmentBytes += size + 4;
        long position = out.lastIndexAppended();
        index.note(cycle.get(), record.groupId(), record.slot());
        if (waitingCount == waiting.length) {
            waiting = java.util.Arrays.copyOf(waiting, waitingCount * 2);
        }
        waiting[waitingCount++] = token;
        return position;
    }

    private static void write(Bytes<?> bytes, ByteBuffer from) {
        long at = bytes.writePosition();
        int length = from.remaining();
        bytes.write(at, from, from.position(), length);
        bytes.writePosition(at + length);
        from.position(from.limit());
    }

    /** Starts a new cycle file; the old one is durable first, so that later forces need only the new one. */
    private void roll() {
        try {
            FileChannel old = file;
            if (old != null) {
                old.force(false);
                old.close();
            }
            if (Files.getFileStore(config.directory()).getUsableSpace()
                    < config.reserveBytes() + config.segmentBytes() + SEGMENT_SLACK_BYTES) {
                rollBeforeAppend = true;
                file = null;
                throw new WalFullException(
                        "less than " + config.reserveBytes() + " bytes would stay free in " + config.directory());
            }
            cycle.incrementAndGet();
            ExcerptAppender out = appender;
            if (out == null) {
                out = queue.createAppender();
                out.singleThreadedCheckDisabled(true);
                appender = out;
            }
            // The first document creates the file; it is not one of ours and the scan skips it.
            try (DocumentContext dc = out.writingDocument()) {
                dc.wire().bytes().writeByte((byte) 0);
            }
            Path path = fileOf(cycle.get());
            FileChannel ch = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            file = ch;
            Allocation.allocate(path, config.segmentBytes() + SEGMENT_SLACK_BYTES);
            ch.force(true);
            FileStateStore.forceDirectory(config.directory());
            segmentBytes = 0;
            number = 0;
            durableUpTo = 0;
            rollBeforeAppend = false;
            index.addSegment(cycle.get());
        } catch (IOException | LastErrorException e) {
            throw fail("start a new segment", e);
        }
    }

    private WalException fail(String what, Exception cause) {
        WalException e = cause instanceof WalException w
                ? w
                : new WalException("the log cannot " + what + " in " + config.directory() + ": " + cause, cause);
        if (!(e instanceof WalFullException)) {
            failure = e;
        }
        return e;
    }

    private void checkAlive() {
        WalException f = failure;
        if (f != null) {
            throw new WalException("the log has failed before: " + f.getMessage(), f);
        }
    }

    @Override
    public void submit() {
        if (waitingCount == 0) {
            return;
        }
        checkAlive();
        if (config.durability() == Durability.FSYNC) {
            forceFile();
        }
        int count = waitingCount;
        long[] tokens = waiting;
        waiting = new long[tokens.length];
        waitingCount = 0;
        for (int i = 0; i < count; i++) {
            listener.onDurable(tokens[i]);
        }
    }

    @Override
    public void force() {
        checkAlive();
        forceFile();
    }

    private void forceFile() {
        FileChannel ch = file;
        long upTo = number;
        if (ch == null) {
            return;
        }
        try {
            ch.force(false);
        } catch (IOException e) {
            throw fail("force", e);
        }
        durableUpTo = Math.max(durableUpTo, upTo);
    }

    // ---------------------------------------------------------------- reading

    @Override
    public void read(long position, WalVisitor visitor) {
        if (RawSegment.isRaw(position)) {
            deliver(position, RawSegment.read(fileOf(RawSegment.segment(position)), position), visitor);
            return;
        }
        synchronized (readLock) {
            ExcerptTailer tailer = reader;
            if (tailer == null) {
                tailer = queue.createTailer();
                tailer.singleThreadedCheckDisabled(true);
                reader = tailer;
            }
            if (!tailer.moveToIndex(position)) {
                throw new WalCorruptException("no record at position " + position);
            }
            try (DocumentContext dc = tailer.readingDocument()) {
                if (!dc.isPresent()) {
                    throw new WalCorruptException("no record at position " + position);
                }
                deliver(position, copy(dc.wire().bytes()), visitor);
            }
        }
    }

    private void deliver(long position, ByteBuffer b, WalVisitor visitor) {
        String fault = RecordDescriptor.headerFault(b, config.clusterId());
        if (fault != null || !RecordDescriptor.payloadIsSound(b)) {
            throw new WalCorruptException(
                    "record at position " + position + ": " + (fault == null ? "payload CRC" : fault));
        }
        visitor.onRecord(position, RecordDescriptor.decode(b), RecordDescriptor.payload(b));
    }

    private static ByteBuffer copy(Bytes<?> bytes) {
        ByteBuffer b = ByteBuffer.allocate((int) bytes.readRemaining()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.read(b);
        b.flip();
        return b;
    }

    @Override
    public void scan(WalVisitor visitor) {
        List<Long> segments = index.segments();
        long records = 0;
        for (long segment : segments) {
            records += new SegmentScan(segment, visitor).run();
        }
        if (!segments.isEmpty()) {
            LOG.info("log scanned: {} records in {} segments", records, segments.size());
        }
    }

    /** Reads one cycle file from its first document to the last that Chronicle can find. */
    private final class SegmentScan {
        private final long segment;
        private final WalVisitor visitor;
        private long expected;
        private long seenDurable;
        private final List<long[]> damaged = new ArrayList<>();
        private final List<DamagedRecord> verdicts = new ArrayList<>();

        SegmentScan(long segment, WalVisitor visitor) {
            this.segment = segment;
            this.visitor = visitor;
        }

        long run() {
            long count = 0;
            try (ExcerptTailer tailer = queue.createTailer()) {
                tailer.singleThreadedCheckDisabled(true);
                if (tailer.moveToIndex(CYCLE.toIndex((int) segment, 0))) {
                    while (true) {
                        try (DocumentContext dc = tailer.readingDocument()) {
                            if (!dc.isPresent() || CYCLE.toCycle(dc.index()) != segment) {
                                break;
                            }
                            if (CYCLE.toSequenceNumber(dc.index()) == 0) {
                                continue;
                            }
                            long number = CYCLE.toSequenceNumber(dc.index()) - 1;
                            count += take(dc.index(), number, copy(dc.wire().bytes())) ? 1 : 0;
                        }
                    }
                }
            }
            // Chronicle stops without a word at a zeroed length; our headers are found without it.
            for (long position : RawSegment.find(fileOf(segment), segment, config.clusterId(), expected)) {
                ByteBuffer b = RawSegment.read(fileOf(segment), position);
                long number = RecordDescriptor.number(b);
                while (expected < number) {
                    note(CYCLE.toIndex((int) segment, expected + 1), expected, UNREADABLE);
                    expected++;
                }
                count += take(position, number, b) ? 1 : 0;
            }
            report();
            return count;
        }

        private boolean take(long position, long number, ByteBuffer b) {
            String fault = RecordDescriptor.headerFault(b, config.clusterId());
            if (fault == null && (RecordDescriptor.segment(b) != segment || RecordDescriptor.number(b) != number)) {
                fault = "record of another place";
            }
            expected = number + 1;
            if (fault != null) {
                note(position, number, new DamagedRecord(false, 0, 0, 0, false, fault));
                return false;
            }
            seenDurable = Math.max(seenDurable, RecordDescriptor.durableUpTo(b));
            int group = RecordDescriptor.groupId(b);
            long slot = RecordDescriptor.slot(b);
            index.note(segment, group, slot);
            if (!RecordDescriptor.payloadIsSound(b)) {
                note(
                        position,
                        number,
                        new DamagedRecord(true, group, slot, RecordDescriptor.origin(b), false, "payload CRC"));
                return false;
            }
            visitor.onRecord(position, RecordDescriptor.decode(b), RecordDescriptor.payload(b));
            return true;
        }

        private void note(long position, long number, DamagedRecord what) {
            damaged.add(new long[] {position, number});
            verdicts.add(what);
        }

        /** Known only at the end of the segment: was a damaged record durable once? And does the segment end too early? */
        private void report() {
            for (int i = 0; i < damaged.size(); i++) {
                DamagedRecord d = verdicts.get(i);
                boolean below = damaged.get(i)[1] < seenDurable;
                visitor.onDamaged(
                        damaged.get(i)[0],
                        new DamagedRecord(d.identityReadable(), d.groupId(), d.slot(), d.origin(), below, d.reason()));
            }
            if (expected < seenDurable) {
                visitor.onDamaged(
                        CYCLE.toIndex((int) segment, expected + 1),
                        new DamagedRecord(
                                false,
                                0,
                                0,
                                0,
                                true,
                                "segment " + segment + " ends at record " + expected + ", durable up to "
                                        + seenDurable));
            }
        }
    }

    // ---------------------------------------------------------------- housekeeping

    @Override
    public void truncate(int groupId, long slot) {
        for (long segment : index.truncate(groupId, slot, rollBeforeAppend ? -1 : cycle.get())) {
            try {
                Files.deleteIfExists(fileOf(segment));
            } catch (IOException e) {
                throw fail("delete segment " + segment, e);
            }
        }
    }

    @Override
    public long sizeBytes() {
        long bytes = 0;
        for (long segment : index.segments()) {
            bytes += segment == cycle.get() ? segmentBytes : config.segmentBytes();
        }
        return bytes;
    }

    @Override
    public String engine() {
        return "chronicle";
    }

    @Override
    public void close() {
        try {
            FileChannel ch = file;
            if (ch != null) {
                ch.force(false);
                ch.close();
            }
        } catch (IOException e) {
            LOG.warn("closing the log: {}", e.getMessage());
        }
        file = null;
        synchronized (readLock) {
            queue.close();
        }
    }

    /** posix_fallocate: the file's blocks exist before they are mapped. */
    private static final class Allocation {
        static {
            Native.register(Allocation.class, "c");
        }

        private Allocation() {}

        static native int open(String path, int flags) throws LastErrorException;

        static native int close(int fd) throws LastErrorException;

        @SuppressWarnings("checkstyle:MethodName")
        static native int posix_fallocate(int fd, long offset, long length);

        static void allocate(Path path, long bytes) throws IOException {
            int fd = open(path.toString(), 2);
            try {
                int error = posix_fallocate(fd, 0, bytes);
                if (error != 0) {
                    throw new IOException("cannot allocate " + bytes + " bytes: errno " + error);
                }
            } finally {
                close(fd);
            }
        }
    }
}
