package io.parablock.simulator.disk;

import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which records lie where in the segment files of one node, over all its boots, and up to where the log itself says on
 * the platter that they were durable. Damage above that could not be told from a record that was never written.
 */
final class WalRegions {
    /** The start record of a segment and the manifest both carry the nonce. */
    static final Region MANIFEST = new Region.Twin("segment nonces", 0);

    private static final Region START_RECORD = new Region.Twin("segment nonces", 1);

    private record Place(long offsetBytes, int headerLength, WalRecord record) {
        long payloadAt() {
            return offsetBytes + headerLength;
        }

        long end() {
            return payloadAt() + record.payloadLength();
        }
    }

    private static final class Labels {
        final List<Place> places = new ArrayList<>();
        long durableUpToBytes;
    }

    private final Map<String, Labels> segments = new HashMap<>();
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

    void onBoot(Predicate<String> exists) {
        currentPath = null;
        segments.keySet().removeIf(path -> !exists.test(path));
    }

    @Nullable
    Set<Region> regionsOf(String path, long offsetBytes, int lengthBytes) {
        Labels labels = segments.get(path);
        if (labels == null) {
            return Set.of();
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
