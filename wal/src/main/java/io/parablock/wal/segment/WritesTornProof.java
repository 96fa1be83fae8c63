package io.parablock.wal.segment;

import static io.parablock.wal.segment.HeaderFinder.NOT_FOUND;
import static io.parablock.wal.segment.HeaderFinder.SECTOR_BYTES_MIN;
import static io.parablock.wal.segment.SegmentLayout.WRITE_ALIGNMENT;

import org.jspecify.annotations.Nullable;

/**
 * A write is durable as a whole or not at all, so one sector of it that was never written proves that none of its records
 * was. Writes in flight beside it may have completed: the proof for one says nothing of the next, unless the engine kept
 * to one at a time.
 *
 * <pre>
 *   before   |r|r|..|m|        its write is known from its own header
 *   between            |????|  writes of which no header is left: each would begin at a 4096-byte boundary
 *   next                    |r|r|..|m|
 * </pre>
 */
final class WritesTornProof implements TornProof {
    private final HeaderFinder headers;
    private final boolean oneAtATime;
    private boolean anyTorn;

    WritesTornProof(HeaderFinder headers, boolean oneAtATime) {
        this.headers = headers;
        this.oneAtATime = oneAtATime;
    }

    @Override
    public boolean isTorn(Place record) {
        return note(isWriteTorn(record));
    }

    private boolean isWriteTorn(Place record) {
        return headers.hasUnwrittenSector(record.writeStart(), Math.min(record.writeEnd(), headers.fileBytes()));
    }

    private boolean note(boolean torn) {
        anyTorn |= torn;
        return torn || (oneAtATime && anyTorn);
    }

    @Override
    public boolean isTorn(Place before, @Nullable Place next, long suspectBytes) {
        boolean sameWrite = next != null && before.writeEnd() == next.writeEnd();
        if (sameWrite) {
            return note(isWriteTorn(before));
        }
        boolean torn = before.behind() == 0 || isWriteTorn(before);
        if (next != null && next.at() > next.writeStart()) {
            torn &= isWriteTorn(next);
        }
        return note(torn && (next == null ? isTornTail(before.writeEnd()) : areTorn(before.writeEnd(), next)));
    }

    /** The writes between an offset and one that knows where the ones before it began. */
    private boolean areTorn(long from, Place next) {
        long end = next.writeStart();
        for (int block = 0; block < Long.SIZE && end > from; block++) {
            long start = next.writeStart() - (block + 1L) * WRITE_ALIGNMENT;
            if ((next.earlierStarts() >>> block & 1) != 0 && start >= from) {
                if (!headers.hasUnwrittenSector(start, end)) {
                    return false;
                }
                end = start;
            }
        }
        return end == from || isTornBetween(from, end);
    }

    private boolean isTornTail(long from) {
        return oneAtATime
                ? headers.isUnwritten(from, from + SECTOR_BYTES_MIN)
                : isTornBetween(from, headers.fileBytes());
    }

    /** No complete write can begin at a boundary whose first sector was never written. */
    private boolean isTornBetween(long from, long to) {
        for (long at = from; at < to; at += WRITE_ALIGNMENT) {
            if (!headers.isUnwritten(at, at + SECTOR_BYTES_MIN)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean isWrittenBehind(Place last, long suspectBytes) {
        return last.behind() > 1
                || suspectBytes != NOT_FOUND
                || !headers.isUnwritten(last.writeEnd(), headers.fileBytes());
    }

    @Override
    public long missingFrom(Place before) {
        return before.behind() > 1 ? before.end() : before.writeEnd();
    }

    /** Each write ends in a marker. */
    @Override
    public int ownRecords(Place before, @Nullable Place next, int missing) {
        boolean markerOfBefore = before.behind() > 0 && (next == null || before.writeEnd() != next.writeEnd());
        return markerOfBefore ? Math.min(1, missing) : 0;
    }
}
