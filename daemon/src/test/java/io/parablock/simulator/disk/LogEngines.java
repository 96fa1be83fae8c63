package io.parablock.simulator.disk;

import io.parablock.wal.segment.SegmentLayout;

/**
 * Which engines a node's log has over its starts.
 *
 * @param direct whether the first one is the production engine that writes past the page cache; otherwise records lie
 *     where a queue puts them
 * @param writesInFlightMax of the direct engine, 1 or more
 * @param writeBytesMax of the direct engine
 * @param atOnce the direct engine writes through a file channel, so that each write ends in the call that asks for it
 * @param switchPerMille how often a start has another engine, and another number of writes in flight, than the one before
 */
public record LogEngines(boolean direct, int writesInFlightMax, int writeBytesMax, boolean atOnce, int switchPerMille) {
    public static final LogEngines QUEUE = new LogEngines(false, 1, SegmentLayout.WRITE_ALIGNMENT, false, 0);

    /** The direct engine at every start. */
    public static LogEngines direct(int writesInFlightMax, int writeBytesMax) {
        return new LogEngines(true, writesInFlightMax, writeBytesMax, false, 0);
    }
}
