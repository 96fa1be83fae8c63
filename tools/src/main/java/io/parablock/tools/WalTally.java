package io.parablock.tools;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.segment.ListedSegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Counts what an inspection of a log finds. */
final class WalTally {
    private final Map<WalVerdict, Long> damages = new EnumMap<>(WalVerdict.class);
    private long segments;
    private long records;
    private long fileBytes;

    void add(ListedSegment segment) {
        segments++;
        if (segment.file() != null) {
            fileBytes += segment.fileBytes();
        }
    }

    void addRecord() {
        records++;
    }

    void add(DamagedRecord what) {
        damages.merge(WalVerdict.of(what), 1L, Long::sum);
    }

    long records() {
        return records;
    }

    long fileBytes() {
        return fileBytes;
    }

    /** Damages that a crash does not explain. */
    long serious() {
        return damages.getOrDefault(WalVerdict.CORRUPT, 0L) + damages.getOrDefault(WalVerdict.UNKNOWN, 0L);
    }

    long torn() {
        return damages.getOrDefault(WalVerdict.TORN, 0L);
    }

    String sizes() {
        return segments + " segment(s), " + records + " record(s), " + fileBytes + " bytes";
    }

    /** Such as "3 damaged (2 corrupt, 1 torn)". */
    String damages() {
        List<String> parts = new ArrayList<>();
        damages.forEach((verdict, count) -> parts.add(count + " " + verdict.word()));
        return parts.isEmpty() ? "none damaged" : serious() + torn() + " damaged (" + String.join(", ", parts) + ")";
    }
}
