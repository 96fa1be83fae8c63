package io.parablock.wal.segment;

import org.jspecify.annotations.Nullable;

/**
 * Tells for bytes above the durable part whether they are those of a write that did not complete, so that nobody was
 * told of it. It may say no of a torn record, and never yes of one that was durable. One per scan of a segment.
 */
interface TornProof {
    /** A record whose header is good and whose payload is not. */
    boolean isTorn(Place record);

    /**
     * A record that is good, of a write that surely did not complete: nobody was told of it, and from its next restart on
     * nobody could tell damage to it from that. So it is not shown at all.
     */
    boolean isOfTornWrite(Place record);

    /**
     * Records between two that are there. Without a next one: behind the last one.
     *
     * @param suspectBytes a place in between that begins like a header, or {@link HeaderFinder#NOT_FOUND}
     */
    boolean isTorn(Place before, @Nullable Place next, long suspectBytes);

    /** Whether the bytes behind the last record were written at all. */
    boolean isWrittenBehind(Place last, long suspectBytes);

    /** Where what is missing behind a record can have begun. */
    long missingFrom(Place before);

    /** How many of the missing records can only be the log's own markers. */
    int ownRecords(Place before, @Nullable Place next, int missing);
}
