package io.parablock.wal.chronicle;

import io.parablock.wal.WalRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.agrona.collections.Long2LongHashMap;
import org.jspecify.annotations.Nullable;

/** One live segment: one cycle file, what it holds for whom, and the channels to it. */
public final class Segment implements AutoCloseable {
    private static final DateTimeFormatter CYCLE_NAME = DateTimeFormatter.ofPattern("yyyyMMdd-HH", Locale.ROOT);
    static final long CYCLE_S = 3600;
    static final String FILE_SUFFIX = "F.cq4";
    private static final long NO_SLOT = Long.MIN_VALUE;

    public final int id;
    final int runId;
    public final Path path;
    public final long nonce;
    final long fileBytes;

    /** Records that the manifest vouches for, or {@link SegmentManifest#UNSEALED}. */
    final int sealedRecordCount;

    private final FileChannel forceChannel;
    private @Nullable FileChannel readChannel;
    private volatile boolean closed;

    // Writer thread only.
    public int recordCount;
    boolean indexed;
    private final Long2LongHashMap highestSlotByGroup = new Long2LongHashMap(NO_SLOT);

    private Segment(SegmentManifest.Entry entry, Path path, FileChannel forceChannel) {
        this.id = entry.segmentId();
        this.runId = entry.runId();
        this.nonce = entry.nonce();
        this.fileBytes = entry.fileBytes();
        this.sealedRecordCount = entry.recordCount();
        this.path = path;
        this.forceChannel = forceChannel;
    }

    static Segment open(Path walDirectory, SegmentManifest.Entry entry) throws IOException {
        Path path = pathOf(walDirectory, entry.runId(), entry.segmentId());
        return new Segment(entry, path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    static Path runDirectory(Path walDirectory, int runId) {
        return walDirectory.resolve(String.format("run-%010d", runId));
    }

    /**
     * The queue names a cycle file after a time; our cycles are hours, counted by segment id. The names last until the
     * year 9999: 70 million segments, 4 EiB of them at the default size.
     */
    static Path pathOf(Path walDirectory, int runId, int segmentId) {
        LocalDateTime hour = LocalDateTime.ofEpochSecond(segmentId * CYCLE_S, 0, ZoneOffset.UTC);
        return runDirectory(walDirectory, runId).resolve(CYCLE_NAME.format(hour) + FILE_SUFFIX);
    }

    static int segmentIdOf(String fileName) {
        String hour = fileName.substring(0, fileName.length() - FILE_SUFFIX.length());
        return (int) (LocalDateTime.parse(hour, CYCLE_NAME).toEpochSecond(ZoneOffset.UTC) / CYCLE_S);
    }

    /** For fdatasync. Never handed to reading threads: an interrupt of theirs would close it. */
    FileChannel forceChannel() {
        return forceChannel;
    }

    /** For reading. Opened again when an interrupted reader has closed it. */
    synchronized FileChannel readChannel() throws IOException {
        if (closed) {
            throw new IOException("segment " + id + " is truncated away");
        }
        if (readChannel == null || !readChannel.isOpen()) {
            readChannel = FileChannel.open(path, StandardOpenOption.READ);
        }
        return readChannel;
    }

    void note(WalRecord record) {
        long slot = record.slot();
        if (slot > highestSlotByGroup.get(record.groupId())) {
            highestSlotByGroup.put(record.groupId(), slot);
        }
    }

    /** Whether every record in it is covered by the truncation of its group. */
    boolean isCoveredBy(Long2LongHashMap truncatedSlotByGroup) {
        if (!indexed) {
            return false;
        }
        for (Long2LongHashMap.EntryIterator it = highestSlotByGroup.entrySet().iterator(); it.hasNext(); ) {
            it.next();
            if (it.getLongValue() > truncatedSlotByGroup.get(it.getLongKey())) {
                return false;
            }
        }
        return true;
    }

    boolean isEmpty() {
        return highestSlotByGroup.isEmpty();
    }

    @Override
    public synchronized void close() {
        closed = true;
        try {
            forceChannel.close();
            if (readChannel != null) {
                readChannel.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
