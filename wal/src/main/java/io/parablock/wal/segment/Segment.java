package io.parablock.wal.segment;

import io.parablock.wal.WalRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.collections.Long2LongHashMap;
import org.jspecify.annotations.Nullable;

/** One live segment: one file, what it holds for whom, and the channels to it. */
public final class Segment implements AutoCloseable {
    private static final long NO_SLOT = Long.MIN_VALUE;

    public final int id;
    public final int runId;
    public final Path path;
    public final SegmentLayout layout;
    public final long nonce;
    public final long fileBytes;

    /** Records that the manifest vouches for, or {@link SegmentManifest#UNSEALED}. */
    final int sealedRecordCount;

    final int writesInFlightMax;

    private final FileChannel forceChannel;
    private final FileOpener opener;
    private @Nullable FileChannel readChannel;
    private volatile boolean closed;

    // Writer thread only.
    public int recordCount;
    public boolean indexed;
    private final Long2LongHashMap highestSlotByGroup = new Long2LongHashMap(NO_SLOT);

    private Segment(
            SegmentManifest.Entry entry, Path path, SegmentLayout layout, FileChannel forceChannel, FileOpener opener) {
        this.id = entry.segmentId();
        this.runId = entry.runId();
        this.nonce = entry.nonce();
        this.fileBytes = entry.fileBytes();
        this.sealedRecordCount = entry.recordCount();
        this.writesInFlightMax = entry.writesInFlightMax();
        this.path = path;
        this.layout = layout;
        this.forceChannel = forceChannel;
        this.opener = opener;
    }

    /** From the folder of the log. */
    public static Segment openListed(Path walDirectory, SegmentManifest.Entry entry) throws IOException {
        Path path = find(walDirectory, entry);
        if (path == null) {
            throw new NoSuchFileException("the file of segment " + entry.segmentId());
        }
        return open(path, entry, FileOpener.BUFFERED);
    }

    static Segment open(Path path, SegmentManifest.Entry entry, FileOpener opener) throws IOException {
        SegmentLayout layout = SegmentLayout.require(path);
        return new Segment(
                entry, path, layout, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE), opener);
    }

    /** For someone who may not, or must not, write; such a segment cannot be forced. It stays readable when deleted. */
    static Segment openToRead(Path path, SegmentManifest.Entry entry) throws IOException {
        SegmentLayout layout = SegmentLayout.require(path);
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        Segment segment = new Segment(entry, path, layout, channel, FileOpener.BUFFERED);
        segment.readChannel = channel;
        return segment;
    }

    public static Path runDirectory(Path walDirectory, int runId) {
        return walDirectory.resolve(String.format("run-%010d", runId));
    }

    static Path pathOf(Path walDirectory, int runId, int segmentId, SegmentLayout layout) {
        return runDirectory(walDirectory, runId).resolve(layout.fileName(segmentId));
    }

    /** The file of a listed segment, in whichever layout it is there, or null when it is missing. */
    static @Nullable Path find(Path walDirectory, SegmentManifest.Entry entry) {
        for (SegmentLayout layout : SegmentLayout.values()) {
            Path path = pathOf(walDirectory, entry.runId(), entry.segmentId(), layout);
            if (Files.exists(path)) {
                return path;
            }
        }
        return null;
    }

    /** What each 8 bytes of the file held before they were written. */
    long fillWord() {
        return layout.fillWord(nonce);
    }

    /** For fdatasync. Never handed to reading threads: an interrupt of theirs would close it. */
    public FileChannel forceChannel() {
        return forceChannel;
    }

    /** For reading. Opened again when an interrupted reader has closed it. */
    public synchronized FileChannel readChannel() throws IOException {
        if (closed) {
            throw new IOException("segment " + id + " is truncated away");
        }
        if (readChannel == null || !readChannel.isOpen()) {
            readChannel = opener.open(path, StandardOpenOption.READ);
        }
        return readChannel;
    }

    public void note(WalRecord record) {
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

    public boolean isEmpty() {
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
