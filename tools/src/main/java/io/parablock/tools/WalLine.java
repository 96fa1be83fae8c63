package io.parablock.tools;

import io.parablock.raft.log.EntryKind;
import io.parablock.wal.DamagedRecord;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.ListedSegment;
import io.parablock.wal.segment.LogInspection;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Locale;

/** How the parts of a log are written for people, on one line each. */
final class WalLine {
    private WalLine() {}

    /** Segment and offset in its file. */
    static String place(long position) {
        return RecordDescriptor.segmentId(position) + ":" + RecordDescriptor.offsetBytes(position);
    }

    static String of(WalRecord record) {
        StringBuilder line = new StringBuilder(160);
        line.append("group=").append(record.groupId());
        line.append(" slot=").append(record.slot());
        line.append(" origin=").append(record.origin());
        line.append(" kind=").append(kind(record.kind()));
        line.append(" extent=").append(record.offsetBytes()).append('+').append(record.lengthBytes());
        line.append(" session=").append(record.session()).append('/').append(record.seq());
        line.append(" payload=").append(record.payloadLength());
        line.append(String.format(Locale.ROOT, " crc=%08x", record.payloadCrc()));
        String dep = dep(record);
        return dep.isEmpty()
                ? line.toString()
                : line.append(" dep=").append(dep).toString();
    }

    static String kind(byte code) {
        try {
            return EntryKind.ofCode(code).name();
        } catch (IllegalArgumentException fromALaterVersion) {
            return Byte.toString(code);
        }
    }

    /** The slots that it overlaps, as runs: bit b of the map is slot-1-b (see {@code Entry}). */
    static String dep(WalRecord record) {
        StringBuilder runs = new StringBuilder();
        BitSet overlaps = BitSet.valueOf(record.dep());
        for (int last = overlaps.length() - 1; last >= 0; ) {
            int before = overlaps.previousClearBit(last);
            long lowest = record.slot() - 1 - last;
            long highest = record.slot() - 1 - (before + 1);
            runs.append(runs.length() == 0 ? "" : ",").append(lowest);
            if (highest > lowest) {
                runs.append("..").append(highest);
            }
            last = before < 0 ? -1 : overlaps.previousSetBit(before);
        }
        return runs.toString();
    }

    static String of(DamagedRecord what) {
        String who = what.identified()
                ? "group=" + what.groupId() + " slot=" + what.slot() + " origin=" + what.origin()
                : what.recordCount() + " record(s) at least";
        return WalVerdict.of(what).word() + ", " + who + ": " + what.reason();
    }

    static String of(ListedSegment segment) {
        String state = segment.isSealed()
                ? "sealed with " + segment.recordCount() + " records"
                : "not sealed, durable up to " + segment.durableBytes();
        return "segment " + segment.id() + ": " + file(segment) + ", " + segment.fileBytes() + " bytes, " + state;
    }

    /** The file of a segment with the folder of its run. */
    static String file(ListedSegment segment) {
        Path file = segment.file();
        Path run = file == null ? null : file.getParent();
        return file == null || run == null
                ? "the missing file of segment " + segment.id()
                : run.getFileName() + "/" + file.getFileName();
    }

    static String of(LogInspection.Manifest manifest) {
        return switch (manifest) {
            case READ -> "segments: the manifest is whole";
            case MISSING -> "segments: the manifest is missing; a file or an end that was lost does not show";
            case UNREADABLE -> "segments: the manifest is not valid; a file or an end that was lost does not show";
        };
    }
}
