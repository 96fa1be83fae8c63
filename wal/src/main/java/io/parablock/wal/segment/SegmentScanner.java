package io.parablock.wal.segment;

import static io.parablock.wal.segment.HeaderFinder.NOT_FOUND;
import static io.parablock.wal.segment.HeaderFinder.NO_NONCE;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Recovers the records of one segment from its bytes alone (protocol.md §12). A queue's length words and index are not
 * looked at: after a damaged one a queue reader stops without a word. Every possible place is tried to the end of the
 * file. Memory: one window of the largest record and a MiB.
 */
final class SegmentScanner {
    private final RecordChecksum checksum = new RecordChecksum();
    private final ScanWindow window;
    private final HeaderFinder headers;
    private boolean sound;

    SegmentScanner(long clusterId, int recordBytesMax) {
        this(clusterId, recordBytesMax, ScanProgress.silent());
    }

    SegmentScanner(long clusterId, int recordBytesMax, ScanProgress progress) {
        this.window = new ScanWindow(recordBytesMax, progress);
        this.headers = new HeaderFinder(clusterId, window);
    }

    /** With what the segment itself knows of its durability. */
    boolean scan(Segment segment, WalVisitor visitor) {
        return scan(segment, durableUpTo(segment), visitor);
    }

    /**
     * Visits the segment's records in order and notes in the segment what it holds. Returns whether all of them were
     * sound.
     *
     * @param durableUpTo the greatest that the headers of its run tell; a sealed segment is durable as a whole
     */
    boolean scan(Segment segment, long durableUpTo, WalVisitor visitor) {
        sound = true;
        headers.open(segment);
        if (segment.nonce != NO_NONCE) {
            boolean sealed = segment.sealedRecordCount != SegmentManifest.UNSEALED;
            scanRecords(segment, sealed ? RecordDescriptor.position(segment.id + 1, 0) : durableUpTo, visitor);
        } else if (window.isUniform(segment.layout)) {
            segment.indexed = true;
        } else {
            // Neither the manifest nor the start record is left to tell records from other bytes.
            report(
                    visitor,
                    RecordDescriptor.position(segment.id, 0),
                    DamagedRecord.unidentified(1, true, "the nonce of segment " + segment.id + " is lost"));
        }
        return sound;
    }

    private void scanRecords(Segment segment, long durableUpTo, WalVisitor visitor) {
        TornProof proof = proof(segment);
        Place before = Place.NONE;
        int expectedNumber = 0;
        for (long found = headers.next(0); found != NOT_FOUND; found = headers.next(before.end())) {
            long suspect = headers.suspectBytes();
            Place place = Place.of(headers, found);
            if (segment.sealedRecordCount != SegmentManifest.UNSEALED && place.number() >= segment.sealedRecordCount) {
                break; // a write of a killed process that reached the disk after the next one had looked
            }
            // Record 0 is the segment's start, which nobody misses.
            int missing = place.number() - Math.max(expectedNumber, 1);
            missing -= missing > 0 ? proof.ownRecords(before, place, missing) : 0;
            if (missing > 0) {
                long position = RecordDescriptor.position(segment.id, proof.missingFrom(before));
                boolean torn = position >= durableUpTo && proof.isTorn(before, place, suspect);
                String reason = "record numbers jump from " + (expectedNumber - 1) + " to " + place.number();
                lost(visitor, position, DamagedRecord.unidentified(missing, position < durableUpTo, reason), torn);
            }
            expectedNumber = place.number() + 1;
            visit(segment, place, durableUpTo, visitor, proof);
            before = place;
        }
        visitEnd(segment, before, expectedNumber, durableUpTo, visitor, proof);
        visitLostEnd(segment, durableUpTo, visitor);
        segment.recordCount = expectedNumber;
        segment.indexed = true;
    }

    private TornProof proof(Segment segment) {
        return switch (segment.layout) {
            case QUEUE -> new QueueTornProof(headers);
            case WRITES -> new WritesTornProof(headers, segment.writesInFlightMax == 1);
        };
    }

    /** The nonce in the segment's start record, or {@link HeaderFinder#NO_NONCE} when that is not readable. */
    long findNonce(Segment segment) {
        headers.open(segment);
        return headers.findNonce();
    }

    /** The cluster that the segment's start record belongs to, or null when that is not readable. */
    static @Nullable Long findClusterId(Segment segment) {
        ScanWindow window = new ScanWindow(RecordDescriptor.HEADER_LENGTH_MAX, ScanProgress.silent());
        HeaderFinder headers = new HeaderFinder(0, window);
        headers.open(segment);
        return headers.findClusterId();
    }

    /** D of protocol.md §12 as far as the headers of this segment tell. */
    long durableUpTo(Segment segment) {
        headers.open(segment);
        long greatest = 0;
        for (long found = headers.next(0); found != NOT_FOUND; found = headers.next(headers.endOf(found))) {
            greatest = Math.max(greatest, headers.getLong(found, RecordDescriptor.DURABLE_UP_TO_OFFSET));
        }
        return greatest;
    }

    private void visit(Segment segment, Place place, long durableUpTo, WalVisitor visitor, TornProof proof) {
        int index = window.indexOf(place.at(), RecordDescriptor.HEADER_LENGTH_MAX);
        WalRecord record = RecordDescriptor.decode(window.bytes(), index);
        if (record.kind() >= RecordDescriptor.KIND_SEGMENT_START) {
            return;
        }
        segment.note(record);
        long position = RecordDescriptor.position(segment.id, place.at());
        boolean durable = position < durableUpTo;
        // Before the payload is looked at: this may move the window.
        boolean ofTornWrite = !durable && proof.isOfTornWrite(place);
        int headerLength = RecordDescriptor.headerLength(record.dep().length);
        index = window.indexOf(place.at(), headerLength + record.payloadLength());
        ByteBuffer payload = window.slice(index + headerLength, record.payloadLength());
        if (ofTornWrite) {
            lost(visitor, position, DamagedRecord.identified(record, false, "its write did not complete"), true);
        } else if (checksum.ofPayload(payload) == record.payloadCrc()) {
            visitor.onRecord(position, record, payload);
        } else {
            boolean torn = !durable && proof.isTorn(place);
            lost(visitor, position, DamagedRecord.identified(record, durable, "payload CRC"), torn);
        }
    }

    /** Looks for what is missing after the last good record. */
    private void visitEnd(
            Segment segment, Place last, int expectedNumber, long durableUpTo, WalVisitor visitor, TornProof proof) {
        long position = RecordDescriptor.position(segment.id, proof.missingFrom(last));
        boolean sealed = segment.sealedRecordCount != SegmentManifest.UNSEALED;
        long suspect = headers.suspectBytes();
        if (!sealed && proof.isWrittenBehind(last, suspect)) {
            boolean durable = position < durableUpTo;
            boolean torn = !durable && proof.isTorn(last, null, suspect);
            lost(visitor, position, DamagedRecord.unidentified(1, durable, "a header that is not valid"), torn);
        }
        int missing = segment.sealedRecordCount - Math.max(expectedNumber, 1);
        missing -= missing > 0 ? proof.ownRecords(last, null, missing) : 0;
        if (sealed && missing > 0) {
            String reason = "the segment held " + segment.sealedRecordCount + " records, found " + expectedNumber;
            report(visitor, position, DamagedRecord.unidentified(missing, true, reason));
        }
    }

    /** A segment is filled before it is listed: a shorter file has lost its end, and perhaps the records there. */
    private void visitLostEnd(Segment segment, long durableUpTo, WalVisitor visitor) {
        if (window.fileBytes() < segment.fileBytes) {
            long position = RecordDescriptor.position(segment.id, window.fileBytes());
            String reason = "the file has " + window.fileBytes() + " bytes of " + segment.fileBytes;
            report(visitor, position, DamagedRecord.unidentified(1, position < durableUpTo, reason));
        }
    }

    private void lost(WalVisitor visitor, long position, DamagedRecord what, boolean torn) {
        report(visitor, position, torn ? what.asTorn() : what);
    }

    private void report(WalVisitor visitor, long position, DamagedRecord what) {
        sound = false;
        visitor.onDamaged(position, what);
    }
}
