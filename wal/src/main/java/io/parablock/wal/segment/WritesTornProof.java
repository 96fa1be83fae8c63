package io.parablock.wal.segment;

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

    /** The write that was looked at last. */
    private long judgedEnd;

    private boolean judgedTorn;

    WritesTornProof(HeaderFinder headers, boolean oneAtATime) {
        this.headers = headers;
        this.oneAtATime = oneAtATime;
    }

    @Override
    public boolean isTorn(Place record) {
        return note(isWriteTorn(record));
    }

    @Override
    public boolean isOfTornWrite(Place record) {
        return note(isWriteTorn(record));
    }

    private boolean isWriteTorn(Place record) {
        if (record.writeEnd() != judgedEnd) {
            judgedEnd = record.writeEnd();
            judgedTorn = headers.hasUnwrittenSector(record.writeStart(), Math.min(judgedEnd, headers.fileBytes()));
        }
        return judgedTorn;
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
                ? headers.hasUnwrittenSector(from, from + WRITE_ALIGNMENT)
                : isTornBetween(from, headers.fileBytes());
    }

    /** No complete write can begin at a boundary behind which a sector of the block was never written. */
    private boolean isTornBetween(long from, long to) {
        for (long at = from; at < to; at += WRITE_ALIGNMENT) {
            if (!headers.hasUnwrittenSector(at, at + WRITE_ALIGNMENT)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean isWrittenBehind(Place last, long suspectBytes) {
        return last.behind() > 1
                || suspectBytes >= last.writeEnd()
                || !headers.isUnwritten(last.writeEnd(), headers.fileBytes());
    }

    @Override
    public long missingFrom(Place before) {
        return before.behind() > 1 ? before.end() : before.writeEnd();
    }

    /** Each write ends in a marker. */
    @Override
    public int ownRecords(Place before, @Nullable Place next, int missing) {
        if (next != null && before.writeEnd() == next.writeEnd()) {
            return 0;
        }
        int markers = before.behind() > 0 ? 1 : 0;
        boolean wholeWrites = next == null || next.at() == next.writeStart();
        // One record in writes of which nothing else is left: a write of nothing but its marker.
        markers += wholeWrites && missing - before.behind() == 1 ? 1 : 0;
        return Math.min(markers, missing);
    }
}
