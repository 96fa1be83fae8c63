package io.parablock.simulator.disk;

import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import io.parablock.wal.direct.SegmentWrite;
import io.parablock.wal.segment.SegmentLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Which records lie where in the segment files of one node, over all its boots, and up to where the log itself says on
 * the platter that they were durable. Damage above that could not be told from a record that was never written.
 */
final class WalRegions {
    /** The start record of a segment and the manifest both carry the nonce. */
    static final Region.Twin MANIFEST = new Region.Twin("segment nonces", 0);

    private static final Region START_RECORD = new Region.Twin("segment nonces", 1);

    private record Place(long offsetBytes, int headerLength, WalRecord record) {
        long payloadAt() {
            return offsetBytes + headerLength;
        }

        long end() {
            return payloadAt() + record.payloadLength();
        }
    }

    /**
     * A write past the page cache; the ones of a file lie next to each other.
     *
     * @param headers {from, to} of each
     */
    private record Write(int startBytes, int endBytes, List<int[]> headers) {}

    private static final class Labels {
        final List<Place> places = new ArrayList<>();
        final List<Write> writes = new ArrayList<>();
        long durableUpToBytes;
        /** Behind the last write that is complete. */
        int completeBytes;

        /** From here on the file holds its fill; all of it if a queue writes it. */
        int filledFromBytes() {
            return writes.isEmpty() ? 0 : writes.get(writes.size() - 1).endBytes;
        }
    }

    private final Map<String, Labels> segments = new HashMap<>();
    /** Files of which the nonce, or that there was one write in flight at a time, is told by the manifest alone. */
    private final Set<String> provenByManifest = new HashSet<>();

    private @Nullable String currentPath;
    private long latestDurableUpTo;

    /** A record has been handed to the page cache; its header says so much about what is durable. */
    void onAppended(
            String path, int segmentId, long offsetBytes, int headerLength, WalRecord record, long durableUpTo) {
        currentPath = path;
        segments.computeIfAbsent(path, p -> new Labels()).places.add(new Place(offsetBytes, headerLength, record));
        latestDurableUpTo = RecordDescriptor.segmentId(durableUpTo) == segmentId ? durableUpTo : 0;
    }

    /** All of a segment file is durable, with the headers in it. */
    void onForced(String path) {
        Labels labels = segments.get(path);
        if (labels != null && path.equals(currentPath)) {
            labels.durableUpToBytes =
                    Math.max(labels.durableUpToBytes, RecordDescriptor.offsetBytes(latestDurableUpTo));
        }
    }

    /** A write is on its way past the page cache. */
    void onHanded(String path, SegmentWrite write) {
        Labels labels = segments.computeIfAbsent(path, p -> new Labels());
        if (write.startBytes() < labels.filledFromBytes()) {
            return; // it was on its way before
        }
        UnsafeBuffer bytes = new UnsafeBuffer(write.bytes());
        List<int[]> headers = new ArrayList<>();
        int at = 0;
        for (int behind = 1; behind > 0; ) {
            WalRecord record = RecordDescriptor.decode(bytes, at);
            int headerLength = RecordDescriptor.headerLength(record.dep().length);
            int start = write.startBytes() + at;
            headers.add(new int[] {start, start + headerLength});
            labels.places.add(new Place(start, headerLength, record));
            behind = bytes.getShort(at + RecordDescriptor.BEHIND_OFFSET, ByteOrder.LITTLE_ENDIAN);
            int alignment = SegmentLayout.WRITES.recordAlignment();
            int end = (at + headerLength + record.payloadLength() + alignment - 1) & -alignment;
            // The marker ends at the write's last byte.
            at = behind == 1 ? write.lengthBytes() - RecordDescriptor.HEADER_LENGTH_MIN : end;
        }
        labels.writes.add(new Write(write.startBytes(), write.startBytes() + write.lengthBytes(), headers));
    }

    /** It is complete, and its headers say so much about what is durable. */
    void onWritten(String path, SegmentWrite write) {
        Labels labels = segments.get(path);
        if (labels != null) {
            labels.completeBytes = Math.max(labels.completeBytes, write.startBytes() + write.lengthBytes());
            long durableUpTo =
                    write.bytes().order(ByteOrder.LITTLE_ENDIAN).getLong(RecordDescriptor.DURABLE_UP_TO_OFFSET);
            if (RecordDescriptor.segmentId(durableUpTo) == write.segment().id) {
                labels.durableUpToBytes = Math.max(labels.durableUpToBytes, RecordDescriptor.offsetBytes(durableUpTo));
            }
        }
    }

    /** What a crash has left of this file cannot be told from damage by its own bytes. */
    void onProvenByManifest(String path) {
        provenByManifest.add(path);
    }

    /** What suffers with the manifest. */
    Set<Region> manifestRegions() {
        return provenByManifest.isEmpty() ? Set.of(MANIFEST) : Set.of(MANIFEST, new Region.Vital());
    }

    /** Behind the last write of a file that is complete. */
    int completeBytes(String path) {
        return segments.getOrDefault(path, new Labels()).completeBytes;
    }

    /** {from, to} in the file of each header of the write that begins here. */
    List<int[]> headers(String path, int startBytes) {
        return segments.getOrDefault(path, new Labels()).writes.stream()
                .filter(write -> write.startBytes == startBytes)
                .findFirst()
                .map(Write::headers)
                .orElse(List.of());
    }

    void onBoot(Predicate<String> exists) {
        currentPath = null;
        segments.keySet().removeIf(path -> !exists.test(path));
        provenByManifest.removeIf(path -> !exists.test(path));
    }

    @Nullable
    Set<Region> regionsOf(FaultKind kind, String path, long offsetBytes, int lengthBytes) {
        boolean ofWrites = path.endsWith(SegmentLayout.WRITES.suffix());
        Labels labels = segments.get(path);
        if (labels == null) {
            return ofWrites ? fill(kind) : Set.of();
        }
        if (ofWrites && offsetBytes >= labels.filledFromBytes()) {
            return fill(kind);
        }
        if (ofWrites && offsetBytes + lengthBytes > labels.durableUpToBytes) {
            // Also zeros between records: one sector of fill among them proves that a write is not complete.
            return null;
        }
        Set<Region> hit = new TreeSet<>(java.util.Comparator.comparing(Object::toString));
        long end = offsetBytes + lengthBytes;
        for (Place place : labels.places) {
            if (place.offsetBytes >= end || place.end() <= offsetBytes) {
                continue;
            }
            if (place.offsetBytes >= labels.durableUpToBytes) {
                return null;
            }
            WalRecord record = place.record;
            boolean entry = record.kind() < RecordDescriptor.KIND_SEGMENT_START;
            if (offsetBytes < place.payloadAt()) {
                hit.add(record.kind() == RecordDescriptor.KIND_SEGMENT_START ? START_RECORD : new Region.Vital());
            }
            if (entry) {
                hit.add(new Region.Slot(record.groupId(), record.slot()));
            }
        }
        return hit;
    }

    /**
     * What was never written proves what was cut off. One bit of it is no matter, but a block without any of it looks like
     * a write that was there. A sector that lost its fill alone is told from one that has yet to get it by nobody.
     */
    private static @Nullable Set<Region> fill(FaultKind kind) {
        boolean stored = kind == FaultKind.BIT_ROT || kind == FaultKind.READ_ERROR;
        return stored ? Set.of(new Region.Vital()) : null;
    }

    /** Offsets of the entries' bytes whose damage has to be noticed: {from, to, 1 if it is a header's}. */
    List<long[]> noticeable(String path) {
        List<long[]> found = new ArrayList<>();
        Labels labels = segments.getOrDefault(path, new Labels());
        for (Place place : labels.places) {
            if (place.offsetBytes < labels.durableUpToBytes
                    && place.record.kind() < RecordDescriptor.KIND_SEGMENT_START) {
                found.add(new long[] {place.offsetBytes, place.payloadAt(), 1});
                if (place.record.payloadLength() > 0) {
                    found.add(new long[] {place.payloadAt(), place.end(), 0});
                }
            }
        }
        return found;
    }

    List<String> paths() {
        return segments.keySet().stream().sorted().toList();
    }
}
