package io.parablock.wal.segment;

import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;

/** The records of the log itself: of no group, without an extent or a payload. */
public final class OwnRecords {
    public static final WalRecord MARKER = record(RecordDescriptor.KIND_MARKER, 0);

    private OwnRecords() {}

    /** The first of a segment: tells the nonce to a scan that has lost the manifest. */
    public static WalRecord start(Segment segment) {
        return record(RecordDescriptor.KIND_SEGMENT_START, segment.nonce);
    }

    private static WalRecord record(byte kind, long session) {
        return new WalRecord(-1, -1, -1, kind, 0, 0, session, 0, 0, 0, 0, WalRecord.NO_DEP);
    }
}
