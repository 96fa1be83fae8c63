package io.parablock.wal.segment;

import io.parablock.wal.AtomicFile;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.UnsupportedFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The list of live segments, in one small atomic file. Without it a lost file, or a lost end of a finished one, would
 * look like a log that never had those records.
 */
public final class SegmentManifest {
    public static final String FILE_NAME = "segments";
    private static final int MAGIC = 0x4745_5357;
    private static final int HEADER_BYTES = 20;
    private static final int ENTRY_BYTES = 32;

    /** A segment that may still be written: how many records it holds is not known. */
    public static final int UNSEALED = -1;

    public static final int MANY = 0;

    /**
     * @param runId the first segment of the run (one opening of the log) that wrote it; names its folder
     * @param recordCount the records in it, all durable, or {@link #UNSEALED}
     * @param writesInFlightMax writes to it that may have been on their way at once; {@link #MANY} when that is not known
     */
    public record Entry(int segmentId, int runId, long nonce, int recordCount, long fileBytes, int writesInFlightMax) {}

    private final AtomicFile file;
    private final long clusterId;
    private final TreeMap<Integer, Entry> entries = new TreeMap<>();
    private long sequence;
    private int lastSegmentId;

    private SegmentManifest(AtomicFile file, long clusterId) {
        this.file = file;
        this.clusterId = clusterId;
    }

    /**
     * Returns null when there is none that can be read.
     *
     * @throws UnsupportedFormatException if it is another cluster's, or of a newer format
     */
    public static @Nullable SegmentManifest load(Path directory, long clusterId) {
        SegmentManifest manifest = load(directory);
        if (manifest != null && manifest.clusterId != clusterId) {
            throw new UnsupportedFormatException(
                    "the log in " + directory + " belongs to cluster " + manifest.clusterId + ", not to " + clusterId);
        }
        return manifest;
    }

    /**
     * Whichever cluster's it is. Returns null when there is none that can be read.
     *
     * @throws UnsupportedFormatException if it is of a newer format
     */
    static @Nullable SegmentManifest load(Path directory) {
        AtomicFile.Content content = empty(directory, 0).file.read();
        if (content == null) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(content.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        SegmentManifest manifest = empty(directory, in.getLong());
        int format = in.getInt();
        if (format > RecordDescriptor.VERSION) {
            throw new UnsupportedFormatException("the log in " + directory + " has record format " + format
                    + "; this program reads up to " + RecordDescriptor.VERSION);
        }
        manifest.sequence = content.sequence();
        manifest.lastSegmentId = in.getInt();
        int count = in.getInt();
        if (in.remaining() != count * ENTRY_BYTES) {
            throw new UnsupportedFormatException(
                    "the manifest of the log in " + directory + " was written by another version of this program");
        }
        for (int left = count; left > 0; left--) {
            Entry entry = new Entry(in.getInt(), in.getInt(), in.getLong(), in.getInt(), in.getLong(), in.getInt());
            manifest.entries.put(entry.segmentId(), entry);
        }
        return manifest;
    }

    static SegmentManifest empty(Path directory, long clusterId) {
        return new SegmentManifest(new AtomicFile(directory.resolve(FILE_NAME), MAGIC), clusterId);
    }

    long clusterId() {
        return clusterId;
    }

    synchronized int lastSegmentId() {
        return lastSegmentId;
    }

    public synchronized List<Entry> entries() {
        return new ArrayList<>(entries.values());
    }

    synchronized void put(Entry entry) throws IOException {
        lastSegmentId = Math.max(lastSegmentId, entry.segmentId());
        entries.put(entry.segmentId(), entry);
        write();
    }

    public synchronized void seal(int segmentId, int recordCount) throws IOException {
        Entry entry = entries.get(segmentId);
        if (entry != null) {
            put(new Entry(
                    segmentId,
                    entry.runId(),
                    entry.nonce(),
                    recordCount,
                    entry.fileBytes(),
                    entry.writesInFlightMax()));
        }
    }

    synchronized void remove(int segmentId) throws IOException {
        if (entries.remove(segmentId) != null) {
            write();
        }
    }

    private void write() throws IOException {
        ByteBuffer out =
                ByteBuffer.allocate(HEADER_BYTES + entries.size() * ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(clusterId)
                .putInt(RecordDescriptor.VERSION)
                .putInt(lastSegmentId)
                .putInt(entries.size());
        for (Entry entry : entries.values()) {
            out.putInt(entry.segmentId()).putInt(entry.runId()).putLong(entry.nonce());
            out.putInt(entry.recordCount()).putLong(entry.fileBytes()).putInt(entry.writesInFlightMax());
        }
        byte[] bytes = new byte[out.flip().remaining()];
        out.get(bytes);
        file.write(++sequence, bytes);
    }
}
